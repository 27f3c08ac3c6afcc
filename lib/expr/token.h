// Tokens of the expression language, with their places.
#ifndef VOLLEY_EXPR_TOKEN_H
#define VOLLEY_EXPR_TOKEN_H

#include "base/arena.h"
#include "base/diag.h"

#include <stdbool.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER, // 10, 0x0a, 0b1010, 0o12, True
    TOKEN_STRING, // "..." or '...', or with three quotes; also b"...", r"...", u"..."; with escapes
    TOKEN_NAME,
    TOKEN_MARK, // one of ( ) [ ] , = / * + -; for conditions also < > ! % and those below
};

// Marks of two characters.
enum token_pair {
    TOKEN_EQUAL = 1, // ==
    TOKEN_UNEQUAL,   // !=
    TOKEN_AT_MOST,   // <=
    TOKEN_AT_LEAST,  // >=
    TOKEN_AND,       // &&
    TOKEN_OR,        // ||
};

struct token {
    enum token_kind kind;
    struct span where;
    char mark; // the character, or enum token_pair
    i128 number;
    const char *bytes; // of a string, after escapes: in the arena; of a name: in the text
    uint32_t len;
};

struct token_reader {
    const char *text; // borrowed
    uint32_t len, at;
    struct arena *arena; // borrowed; strings lie in it
    bool conditions;     // has the marks of conditions too
};

// Reads the next token. On failure the reader stays where it was.
bool token_next(struct token_reader *reader, struct token *token, struct diag *diag) MUST_USE;

#endif
