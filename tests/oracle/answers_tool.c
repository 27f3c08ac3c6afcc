// For each line "stimulus response link" on stdin (bytes in hex; link: ether, ip or ip6), prints 1 if the response answers
// the stimulus, else 0, and 1 if their flow keys are equal.
#include "base/address.h"
#include "packet/answers.h"
#include "packet/flow_key.h"

#include <stdio.h>
#include <string.h>

enum { FRAME_MAX = 4096 };

struct frame {
    uint8_t bytes[FRAME_MAX];
    uint32_t len;
    struct view view;
};

static bool frame_read(struct frame *frame, const char *hex, enum layer_id first)
{
    unsigned byte;

    for (frame->len = 0; frame->len < FRAME_MAX && sscanf(hex + 2 * frame->len, "%2x", &byte) == 1;
         frame->len++)
        frame->bytes[frame->len] = (uint8_t)byte;
    view_decode(&frame->view, frame->bytes, frame->len, first);
    return frame->len * 2 == strlen(hex);
}

static enum flow_role role_of(const struct view *stimulus)
{
    int i = view_find(stimulus, LAYER_IP), j = view_find(stimulus, LAYER_IPV6);
    struct address to = {0};

    if (i >= 0 && (j < 0 || i < j))
        to = address_from_bytes(4, view_header(stimulus, (unsigned)i) + 16);
    else if (j >= 0)
        to = address_from_bytes(6, view_header(stimulus, (unsigned)j) + 24);
    bool group = address_is_multicast(&to) || (to.family == 4 && to.value == UINT32_MAX);
    return group ? FLOW_RESPONSE_TO_GROUP : FLOW_RESPONSE;
}

int main(void)
{
    static char stimulus_hex[2 * FRAME_MAX + 1], response_hex[2 * FRAME_MAX + 1], link[8];
    static struct frame stimulus, response;
    const struct answer_rules rules = {0};
    const struct flow_hash how = {.seed = 7};

    while (scanf("%8192s %8192s %7s", stimulus_hex, response_hex, link) == 3) {
        enum layer_id first = strcmp(link, "ether") == 0 ? LAYER_ETHER
                              : strcmp(link, "ip") == 0  ? LAYER_IP
                                                         : LAYER_IPV6;

        if (!frame_read(&stimulus, stimulus_hex, first) || !frame_read(&response, response_hex, first)) {
            fprintf(stderr, "no hex\n");
            return 1;
        }
        printf("%d %d\n", answers(&response.view, 0, &stimulus.view, 0, &rules),
               flow_key_of(&stimulus.view, 0, FLOW_STIMULUS, &how) ==
                   flow_key_of_response(&response.view, 0, role_of(&stimulus.view), &how));
    }
    return 0;
}
