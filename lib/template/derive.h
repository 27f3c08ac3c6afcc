// Automatic addresses and MACs: what the surroundings say for each destination of a template.
#ifndef VOLLEY_TEMPLATE_DERIVE_H
#define VOLLEY_TEMPLATE_DERIVE_H

#include "template/surroundings.h"
#include "template/template.h"

// Fills the automatic addresses and MACs that the user left open. May be called again with better surroundings.
bool derive_fields(struct template *template, const struct surroundings *surroundings, struct arena *arena,
                   struct diag *diag) MUST_USE;

// The value set of the destinations of layer 3, and the family; NULL if the branch has none.
const struct values *derive_destinations(const struct template_branch *branch, struct arena *arena,
                                         uint8_t *family);
// The constant source address of layer 3, written or derived; family 0 if there is none or several.
struct address derive_source(const struct template_branch *branch);

#endif
