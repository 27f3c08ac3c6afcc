// For each line "stimulus response link" on stdin (bytes in hex; link: ether, ip or ip6), prints 1 if the response answers
// the stimulus, else 0, and 1 if it is found by its flow key. Its arguments are the rules: scapy, hashed, any_address ...
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

static bool rules_read(int n, char **words, struct answer_rules *rules)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {{"scapy", &rules->scapy},
                 {"hashed", &rules->hashed},
                 {"any_address", &rules->any_address},
                 {"quoted_id", &rules->quoted_id},
                 {"tagged_seq", &rules->tagged_seq}};
    static const struct {
        const char *name;
        uint8_t quote, open;
    } values[] = {{"strict", ANSWER_QUOTE_STRICT, 0},         {"lenient", ANSWER_QUOTE_LENIENT, 0},
                  {"open_source", 0, ANSWER_OPEN_SOURCE},     {"open_port", 0, ANSWER_OPEN_PORT},
                  {"open_sequence", 0, ANSWER_OPEN_SEQUENCE}, {"open_id", 0, ANSWER_OPEN_ID}};

    for (int k = 0; k < n; k++) {
        bool known = false;

        for (unsigned f = 0; f < ARRAY_SIZE(flags); f++) {
            if (strcmp(words[k], flags[f].name) == 0)
                known = *flags[f].flag = true;
        }
        for (unsigned v = 0; v < ARRAY_SIZE(values); v++) {
            if (strcmp(words[k], values[v].name) != 0)
                continue;
            known = true;
            rules->quote |= values[v].quote;
            rules->open |= values[v].open;
        }
        if (!known)
            return false;
    }
    return true;
}

static bool is_found(const struct view *response, const struct view *stimulus, const struct flow_hash *how)
{
    uint64_t keys[VIEW_LAYERS_MAX + 1];
    uint64_t key = flow_key_of_response(response, 0, flow_key_role(stimulus, 0), how);

    if (!how->rules.scapy || how->rules.hashed)
        return flow_key_of(stimulus, 0, FLOW_STIMULUS, how) == key;
    for (unsigned n = flow_key_prefixes(stimulus, 0, how, keys); n > 0; n--) {
        if (keys[n - 1] == key)
            return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static char stimulus_hex[2 * FRAME_MAX + 1], response_hex[2 * FRAME_MAX + 1], link[8];
    static struct frame stimulus, response;
    struct flow_hash how = {.seed = 7};

    if (!rules_read(argc - 1, argv + 1, &how.rules)) {
        fprintf(stderr, "no such rule\n");
        return 1;
    }
    while (scanf("%8192s %8192s %7s", stimulus_hex, response_hex, link) == 3) {
        enum layer_id first = strcmp(link, "ether") == 0 ? LAYER_ETHER
                              : strcmp(link, "ip") == 0  ? LAYER_IP
                                                         : LAYER_IPV6;

        if (!frame_read(&stimulus, stimulus_hex, first) || !frame_read(&response, response_hex, first)) {
            fprintf(stderr, "no hex\n");
            return 1;
        }
        printf("%d %d\n", answers_frame(&response.view, 0, &stimulus.view, 0, &how.rules),
               is_found(&response.view, &stimulus.view, &how));
    }
    return 0;
}
