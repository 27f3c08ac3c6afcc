// volley pair --template: captures held against what a template stands for, all of it taken as sent.
#ifndef VOLLEY_APP_PAIR_TEMPLATE_H
#define VOLLEY_APP_PAIR_TEMPLATE_H

#include "options.h"

// Returns the exit status, having said why.
int pair_template(const struct options *options);

#endif
