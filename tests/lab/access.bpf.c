// The access port of a VLAN, for the tc hook of a kernel that may have no VLANs itself: what arrives loses its tag, what leaves
// gets it. TAG_PROTOCOL and TAG_ID, given to the compiler, say which.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#define SECTION(name) __attribute__((section(name), used))

static int (*const vlan_push)(struct __sk_buff *skb, __be16 protocol,
                              __u16 tag) = (void *)BPF_FUNC_skb_vlan_push;
static int (*const vlan_pop)(struct __sk_buff *skb) = (void *)BPF_FUNC_skb_vlan_pop;

SECTION("ingress") int from_wire(struct __sk_buff *skb)
{
    if (!skb->vlan_present || skb->vlan_proto != __builtin_bswap16(TAG_PROTOCOL) ||
        (skb->vlan_tci & 0xfff) != TAG_ID)
        return TC_ACT_SHOT;
    return vlan_pop(skb) == 0 ? TC_ACT_OK : TC_ACT_SHOT;
}

SECTION("egress") int to_wire(struct __sk_buff *skb)
{
    return vlan_push(skb, __builtin_bswap16(TAG_PROTOCOL), TAG_ID) == 0 ? TC_ACT_OK : TC_ACT_SHOT;
}

SECTION("license") char gpl[] = "GPL";
