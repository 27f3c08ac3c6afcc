#include "relay_frame.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };
enum {
    TCP_BYTES = 20,
    UDP_BYTES = 8,
    ICMP_BYTES = 8,
    SYN = 0x02,
    RST = 0x04,
    ACK = 0x10,
    SYN_ACK_SEQ = 0x12345678
};
enum { SILENT_EVERY = 16 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = a[i];

        a[i] = b[i];
        b[i] = byte;
    }
}

uint64_t relay_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

bool relay_draw(uint64_t *state, uint64_t share)
{
    return relay_random(state) >> 32 < share;
}

bool relay_parse(const uint8_t *frame, size_t len, struct relay_parts *parts)
{
    const uint8_t *ip = frame + RELAY_ETHER_BYTES;

    if (len < RELAY_ETHER_BYTES + 40 - 12)
        return false;
    uint16_t kind = get16(frame + 12), header = kind == 0x0800 ? 20 : 40;
    bool known = (kind == 0x0800 && ip[0] == 0x45) || (kind == 0x86dd && ip[0] >> 4 == 6);
    size_t room = len - RELAY_ETHER_BYTES, bytes = room < header || !known ? 0 : relay_ip_bytes(ip, room);
    if (bytes < header)
        return false;
    *parts = (struct relay_parts){.ip = ip,
                                  .upper = ip + header,
                                  .ip_bytes = (uint16_t)bytes,
                                  .upper_bytes = (uint16_t)(bytes - header),
                                  .version = ip[0] >> 4,
                                  .proto = kind == 0x0800 ? ip[9] : ip[6]};
    return true;
}

// ---- checksums

static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t n)
{
    for (; n > 1; p += 2, n -= 2)
        sum += get16(p);
    return n == 0 ? sum : sum + (uint32_t)(p[0] << 8);
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static size_t sum_offset(const struct relay_parts *parts)
{
    switch (parts->proto) {
    case TCP:
        return parts->upper_bytes >= TCP_BYTES ? 16 : SIZE_MAX;
    case UDP:
        return parts->upper_bytes >= UDP_BYTES ? 6 : SIZE_MAX;
    case ICMP:
    case ICMP6:
        return parts->upper_bytes >= 4 ? 2 : SIZE_MAX;
    default:
        return SIZE_MAX;
    }
}

void relay_sums(struct relay_frame *frame)
{
    uint8_t *ip = frame->bytes + RELAY_ETHER_BYTES;
    struct relay_parts parts;

    if (!relay_parse(frame->bytes, frame->len, &parts))
        return;
    if (parts.version == 4) {
        put16(ip + 10, 0);
        put16(ip + 10, fold(add_words(0, ip, 20)));
    }
    size_t at = sum_offset(&parts);
    if (at == SIZE_MAX)
        return;
    uint8_t *upper = frame->bytes + (parts.upper - frame->bytes);
    uint32_t sum = 0;
    if (parts.proto != ICMP)
        sum = add_words(parts.proto + (uint32_t)parts.upper_bytes, ip + (parts.version == 4 ? 12 : 8),
                        parts.version == 4 ? 8 : 32);
    put16(upper + at, 0);
    uint16_t folded = fold(add_words(sum, upper, parts.upper_bytes));
    put16(upper + at, folded == 0 && parts.proto == UDP ? 0xffff : folded);
}

// ---- answers

// The frame goes back where it came from, short frames padded as on a wire.
static void turn(struct relay_frame *f)
{
    uint8_t *ip = f->bytes + RELAY_ETHER_BYTES;

    swap(f->bytes, f->bytes + 6, 6);
    if (ip[0] >> 4 == 4)
        swap(ip + 12, ip + 16, 4);
    else
        swap(ip + 8, ip + 24, 16);
}

static void pad(struct relay_frame *f)
{
    if (f->len < RELAY_WIRE_MIN) {
        memset(f->bytes + f->len, 0, RELAY_WIRE_MIN - f->len);
        f->len = RELAY_WIRE_MIN;
    }
}

static bool answer_tcp(uint8_t *tcp, size_t len)
{
    if (len < TCP_BYTES || (tcp[13] & (SYN | RST | ACK)) != SYN)
        return false;
    bool is_open = (tcp[3] & 1) == 0;
    uint32_t ack = get32(tcp + 4) + 1;

    swap(tcp, tcp + 2, 2);
    put32(tcp + 4, is_open ? SYN_ACK_SEQ : 0);
    put32(tcp + 8, ack);
    tcp[13] = is_open ? SYN | ACK : RST | ACK;
    return true;
}

static bool answer_upper(uint8_t *upper, const struct relay_parts *parts)
{
    switch (parts->proto) {
    case TCP:
        return answer_tcp(upper, parts->upper_bytes);
    case UDP:
        if (parts->upper_bytes < UDP_BYTES)
            return false;
        swap(upper, upper + 2, 2);
        return true;
    case ICMP:
    case ICMP6:
        if (parts->upper_bytes < ICMP_BYTES || upper[0] != (parts->proto == ICMP ? 8 : 128))
            return false;
        upper[0] = parts->proto == ICMP ? 0 : 129;
        return true;
    default:
        return false;
    }
}

static bool is_silent(const struct relay_parts *parts)
{
    bool has_ports = parts->proto == TCP || parts->proto == UDP;
    uint8_t low = has_ports ? parts->upper[3] : parts->ip[parts->version == 4 ? 19 : 39];

    return low % SILENT_EVERY == SILENT_EVERY - 1;
}

bool relay_answer(const uint8_t *frame, size_t len, bool silent, struct relay_frame *answer)
{
    struct relay_parts parts;

    if (len > sizeof(answer->bytes) || !relay_parse(frame, len, &parts) || parts.upper_bytes < UDP_BYTES ||
        (silent && is_silent(&parts)))
        return false;
    memcpy(answer->bytes, frame, len);
    answer->len = (uint16_t)(RELAY_ETHER_BYTES + parts.ip_bytes);
    if (!answer_upper(answer->bytes + (parts.upper - frame), &parts))
        return false;
    turn(answer);
    pad(answer);
    relay_sums(answer);
    return true;
}

static bool answer_arp(const uint8_t *frame, const uint8_t mac[6], struct relay_frame *answer)
{
    uint8_t *arp = answer->bytes + RELAY_ETHER_BYTES;

    if (get16(frame + 20) != 1 || memcmp(frame + 28, frame + 38, 4) == 0)
        return false;
    memcpy(answer->bytes, frame, 42);
    answer->len = 42;
    put16(arp + 6, 2);
    swap(arp + 8, arp + 18, 10);
    memcpy(arp + 8, mac, 6);
    return true;
}

// RFC 4861, 4.3 and 4.4: an advertisement, solicited and overriding, with the target's link-layer address.
static bool answer_solicitation(const uint8_t *frame, const struct relay_parts *parts, const uint8_t mac[6],
                                struct relay_frame *answer)
{
    uint8_t *ip = answer->bytes + RELAY_ETHER_BYTES, *icmp = ip + 40;
    static const uint8_t nobody[16];

    if (parts->upper_bytes < 24 || parts->upper[0] != 135 || memcmp(parts->ip + 8, nobody, 16) == 0)
        return false;
    memcpy(answer->bytes, frame, RELAY_ETHER_BYTES + 40 + 24);
    answer->len = RELAY_ETHER_BYTES + 40 + 32;
    put16(ip + 4, 32);
    ip[7] = 255;
    memcpy(ip + 24, parts->ip + 8, 16);
    memcpy(ip + 8, parts->upper + 8, 16);
    icmp[0] = 136;
    put32(icmp + 4, 0x60000000);
    icmp[24] = 2;
    icmp[25] = 1;
    memcpy(icmp + 26, mac, 6);
    return true;
}

bool relay_neighbour(const uint8_t *frame, size_t len, const uint8_t mac[6], struct relay_frame *answer)
{
    struct relay_parts parts;
    bool asked = false;

    if (len >= 42 && get16(frame + 12) == 0x0806)
        asked = answer_arp(frame, mac, answer);
    else if (relay_parse(frame, len, &parts) && parts.proto == ICMP6)
        asked = answer_solicitation(frame, &parts, mac, answer);
    if (!asked)
        return false;
    memcpy(answer->bytes, frame + 6, 6);
    memcpy(answer->bytes + 6, mac, 6);
    pad(answer);
    relay_sums(answer);
    return true;
}

// ---- flipped bits

static enum relay_verdict flipped_tcp(unsigned byte)
{
    if (byte < 4 || (byte >= 8 && byte < 12))
        return RELAY_NEVER; // ports, the acknowledged number
    return byte == 12 || byte == 13 ? RELAY_MAY : RELAY_MUST;
}

static enum relay_verdict flipped_udp(unsigned byte)
{
    if (byte < 4)
        return RELAY_NEVER;
    return byte < 6 ? RELAY_MAY : RELAY_MUST;
}

// ICMPv6's data is compared, ICMP's is not (RFC 4443, 4.2).
static enum relay_verdict flipped_icmp(unsigned byte, bool v6)
{
    if (byte < 2)
        return RELAY_MAY;
    if (byte < 4)
        return RELAY_MUST;
    return byte < 8 || v6 ? RELAY_NEVER : RELAY_MUST;
}

// Version, lengths and flags may turn it into something else or leave it as it is.
static enum relay_verdict flipped_ip4(unsigned byte, uint8_t mask)
{
    if (byte == 9 || byte >= 12)
        return RELAY_NEVER;
    if ((byte == 6 && mask < 0x40) || byte == 7)
        return RELAY_FRAGMENT;
    return byte == 0 || byte == 2 || byte == 3 || byte == 6 ? RELAY_MAY : RELAY_MUST;
}

static enum relay_verdict flipped_ip6(unsigned byte)
{
    if (byte == 6 || byte >= 8)
        return RELAY_NEVER;
    return byte == 0 || byte == 4 || byte == 5 ? RELAY_MAY : RELAY_MUST;
}

enum relay_verdict relay_flipped(uint8_t version, uint8_t proto, unsigned bit)
{
    unsigned byte = bit / 8, header = version == 4 ? 20 : 40;

    if (byte < header)
        return version == 4 ? flipped_ip4(byte, (uint8_t)(1u << bit % 8)) : flipped_ip6(byte);
    if (proto == TCP)
        return flipped_tcp(byte - header);
    return proto == UDP ? flipped_udp(byte - header) : flipped_icmp(byte - header, proto == ICMP6);
}

uint16_t relay_flip(struct relay_frame *frame, uint64_t *state, bool fixed, enum relay_verdict *verdict)
{
    struct relay_parts parts;

    *verdict = RELAY_MUST;
    if (!relay_parse(frame->bytes, frame->len, &parts))
        return RELAY_NO_BIT;
    uint16_t bit = (uint16_t)(relay_random(state) % (8u * parts.ip_bytes));

    *verdict = relay_flipped(parts.version, parts.proto, bit);
    frame->bytes[RELAY_ETHER_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
    if (fixed)
        relay_sums(frame);
    return bit;
}

// ---- forged answers

// A number that is not `right`: anything, a neighbour, or one that was right for another probe.
static uint32_t wrong_number(uint64_t *state, uint32_t right, uint32_t others)
{
    uint64_t draw = relay_random(state);
    uint32_t wrong = (uint32_t)(draw >> 32);

    if (draw % 3 == 1)
        wrong = right + (draw & 0x100 ? 1 : -1) * (uint32_t)(1 + (draw >> 9) % 3);
    else if (draw % 3 == 2)
        wrong = others;
    return wrong != right ? wrong : ~right;
}

// An ICMP error by the host itself about the stimulus, whose number is wrong: the whole of it, or eight bytes.
static void forge_error(const struct relay_frame *stimulus, const struct relay_parts *s, uint32_t number,
                        uint64_t *state, struct relay_frame *forged)
{
    static const uint8_t kinds[][2] = {{3, 1}, {3, 3}, {11, 0}, {1, 4}, {3, 0}, {1, 0}};
    bool v6 = s->version == 6;
    uint64_t draw = relay_random(state);
    const uint8_t *kind = kinds[draw % 3 + (v6 ? 3 : 0)];
    uint16_t header = v6 ? 40 : 20, quoted = draw & 0x100 ? s->ip_bytes : (uint16_t)(header + 8);
    uint8_t *ip = forged->bytes + RELAY_ETHER_BYTES, *quote = ip + header + ICMP_BYTES;

    memcpy(forged->bytes, stimulus->bytes, RELAY_ETHER_BYTES + header);
    memcpy(quote, s->ip, quoted);
    put32(quote + header + 4, number);
    ip[v6 ? 6 : 9] = v6 ? ICMP6 : ICMP;
    put16(ip + (v6 ? 4 : 2), (v6 ? 0u : header) + ICMP_BYTES + quoted);
    memset(quote - ICMP_BYTES, 0, ICMP_BYTES);
    memcpy(quote - ICMP_BYTES, kind, 2);
    forged->len = (uint16_t)(RELAY_ETHER_BYTES + header + ICMP_BYTES + quoted);
    turn(forged);
    pad(forged);
}

static void forge_tcp(uint8_t *tcp, uint32_t number, uint64_t *state)
{
    static const uint8_t flags[] = {SYN | ACK, RST | ACK, RST, ACK};
    uint64_t draw = relay_random(state);

    tcp[13] = flags[draw % 4];
    put32(tcp + 4, draw & 0x100 ? (uint32_t)(draw >> 32) : 0);
    put32(tcp + 8, number);
}

bool relay_forge(const struct relay_frame *stimulus, const struct relay_frame *other, uint64_t *state,
                 struct relay_frame *forged)
{
    struct relay_parts s, o;

    if (!relay_parse(stimulus->bytes, stimulus->len, &s) || !relay_parse(other->bytes, other->len, &o) ||
        !relay_answer(stimulus->bytes, stimulus->len, false, forged) || o.upper_bytes < 8)
        return false;
    uint8_t *upper = forged->bytes + (s.upper - stimulus->bytes);
    uint32_t number = wrong_number(state, get32(s.upper + 4), get32(o.upper + 4));

    if (s.proto == UDP) {
        uint16_t port = (uint16_t)(0x8000 | wrong_number(state, get16(s.upper), get16(o.upper)));

        put16(upper + 2, port == get16(s.upper) ? port ^ 1u : port);
    } else if (s.proto == TCP && relay_draw(state, UINT32_MAX / 4)) {
        forge_error(stimulus, &s, number, state, forged);
    } else if (s.proto == TCP) {
        forge_tcp(upper, number + 1, state);
    } else {
        put32(upper + 4, number);
    }
    relay_sums(forged);
    return true;
}
