// The class of an answer: what kind of reply it is, whatever lies below it (VLAN tags, tunnels, IPv4 or IPv6).
#ifndef VOLLEY_RESULT_CLASS_H
#define VOLLEY_RESULT_CLASS_H

#include "packet/view.h"

enum answer_class {
#define CLASS(id, name) CLASS_##id,
#include "result/classes.list"
#undef CLASS
    CLASS_COUNT
};

// Of a received frame. The innermost layer that is not quoted decides; a layer of which nothing is known is CLASS_OTHER.
enum answer_class class_of(const struct view *view);

#define CLASS_KEY_MAX 32

const char *class_name(enum answer_class id);
// The name as a key of a document: '_' for '-'.
void class_key(enum answer_class id, char key[CLASS_KEY_MAX]);

#endif
