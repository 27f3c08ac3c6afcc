// A stimulus made the slow way: the values of its index, found by plain division, and built.
#ifndef VOLLEY_FUZZ_FUZZ_REFERENCE_H
#define VOLLEY_FUZZ_FUZZ_REFERENCE_H

#include "packet/build.h"
#include "template/template.h"

#define FUZZ_REFERENCE_FIELDS 1024

struct fuzz_reference {
    struct build build;
    uint8_t bytes[BUILD_BYTES_MAX];
    // Of the branch, in the order of the loop nest.
    const struct template_field *fields[FUZZ_REFERENCE_FIELDS];
    uint64_t digits[FUZZ_REFERENCE_FIELDS];
    unsigned n;
    struct build_layer packets[TEMPLATE_PACKETS_MAX];
    unsigned n_packets;
};

// The frame is build.len bytes at build.bytes. False: the template has random values, whose draw this does not know.
bool fuzz_reference_build(struct fuzz_reference *reference, const struct template *template, uint64_t index);

#endif
