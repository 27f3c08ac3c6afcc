#include "table_cells.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct table_name {
    uint64_t number; // what it is sorted by, once all are known
    size_t width;    // of a column
    char text[];
};

struct table_cell {
    const struct table_name *column, *row, *text;
};

void table_cells_init(struct table_cells *cells)
{
    *cells = (struct table_cells){0};
    arena_init(&cells->arena, 0);
}

static void table_keep(void *node)
{
    (void)node; // the arena has it
}

void table_cells_release(struct table_cells *cells)
{
    tdestroy(cells->columns.tree, table_keep);
    tdestroy(cells->rows.tree, table_keep);
    tdestroy(cells->texts.tree, table_keep);
    tdestroy(cells->tree, table_keep);
    arena_release(&cells->arena);
}

// ---- names

static int table_order_texts(const void *a, const void *b)
{
    return strcmp(((const struct table_name *)a)->text, ((const struct table_name *)b)->text);
}

static struct table_name *table_name_new(struct table_cells *cells, const char *text, size_t len)
{
    struct table_name *name = arena_alloc(&cells->arena, sizeof(*name) + len + 1);

    if (name != NULL)
        memcpy(name->text, text, len + 1);
    return name;
}

// The name of that text; NULL: out of memory.
static struct table_name *table_intern(struct table_cells *cells, struct table_names *names, const char *text)
{
    char key[sizeof(struct table_name) + 4096] __attribute__((aligned(_Alignof(struct table_name))));
    size_t len = strlen(text);
    struct table_name *probe = (struct table_name *)(void *)key, *name;

    if (len > sizeof(key) - sizeof(*probe) - 1)
        len = sizeof(key) - sizeof(*probe) - 1;
    memcpy(probe->text, text, len);
    probe->text[len] = '\0';
    void *found = tfind(probe, &names->tree, table_order_texts);
    if (found != NULL)
        return *(struct table_name **)found;
    name = table_name_new(cells, probe->text, len);
    if (name == NULL || tsearch(name, &names->tree, table_order_texts) == NULL)
        return NULL;
    names->n++;
    if (len > names->width)
        names->width = len;
    return name;
}

// ---- cells

static int table_order_places(const void *a, const void *b)
{
    const struct table_cell *x = a, *y = b;
    uintptr_t x_row = (uintptr_t)x->row, y_row = (uintptr_t)y->row;
    uintptr_t x_column = (uintptr_t)x->column, y_column = (uintptr_t)y->column;

    if (x_row != y_row)
        return x_row < y_row ? -1 : 1;
    return (x_column > y_column) - (x_column < y_column);
}

bool table_cells_set(struct table_cells *cells, const char *column, const char *row, const char *text)
{
    struct table_name *x = table_intern(cells, &cells->columns, column);
    const struct table_name *y = table_intern(cells, &cells->rows, row);
    const struct table_name *z = table_intern(cells, &cells->texts, text);
    struct table_cell place = {x, y, z};

    if (x == NULL || y == NULL || z == NULL)
        return false;
    size_t widest = strlen(column) > strlen(text) ? strlen(column) : strlen(text);
    if (widest > x->width)
        x->width = widest;
    struct table_cell **found = tfind(&place, &cells->tree, table_order_places);
    if (found != NULL) {
        (*found)->text = z;
        return true;
    }
    struct table_cell *cell = arena_copy(&cells->arena, &place, sizeof(place));
    return cell != NULL && tsearch(cell, &cells->tree, table_order_places) != NULL;
}

// ---- order

struct table_list {
    struct table_name **names;
    size_t n;
};

static void table_collect(const void *node, VISIT visit, void *closure)
{
    struct table_list *list = closure;

    if (visit == postorder || visit == leaf)
        list->names[list->n++] = *(struct table_name *const *)node;
}

static bool table_as_number(struct table_name *name)
{
    if (name->text[0] == '\0' || name->text[strspn(name->text, "0123456789")] != '\0')
        return false;
    errno = 0;
    name->number = strtoull(name->text, NULL, 10);
    return errno == 0;
}

static bool table_as_ipv4(struct table_name *name)
{
    struct in_addr address;

    if (inet_aton(name->text, &address) == 0)
        return false;
    name->number = ntohl(address.s_addr);
    return true;
}

static bool table_all(const struct table_list *list, bool (*as)(struct table_name *))
{
    for (size_t i = 0; i < list->n; i++) {
        if (!as(list->names[i]))
            return false;
    }
    return true;
}

static int table_by_number(const void *a, const void *b)
{
    const struct table_name *x = *(struct table_name *const *)a, *y = *(struct table_name *const *)b;

    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : strcmp(x->text, y->text);
}

// What the tree gives is in order of texts already.
static bool table_list_init(struct table_list *list, const struct table_names *names)
{
    *list = (struct table_list){.names = calloc(names->n + 1, sizeof(struct table_name *))};
    if (list->names == NULL)
        return false;
    twalk_r(names->tree, table_collect, list);
    if (table_all(list, table_as_number) || table_all(list, table_as_ipv4))
        qsort(list->names, list->n, sizeof(struct table_name *), table_by_number);
    return true;
}

// ---- printing

static void table_print_row(const struct table_cells *cells, const struct table_list *columns,
                            const struct table_name *row, FILE *to)
{
    fprintf(to, "%-*s ", (int)cells->rows.width, row->text);
    for (size_t i = 0; i < columns->n; i++) {
        const struct table_cell place = {columns->names[i], row, NULL};
        struct table_cell **found = tfind(&place, &cells->tree, table_order_places);

        fprintf(to, "%-*s ", (int)columns->names[i]->width, found != NULL ? (*found)->text->text : "-");
    }
    fputc('\n', to);
}

bool table_cells_print(const struct table_cells *cells, FILE *to)
{
    struct table_list columns, rows;

    if (!table_list_init(&columns, &cells->columns))
        return false;
    if (!table_list_init(&rows, &cells->rows)) {
        free(columns.names);
        return false;
    }
    fprintf(to, "%-*s ", (int)cells->rows.width, "");
    for (size_t i = 0; i < columns.n; i++)
        fprintf(to, "%-*s ", (int)columns.names[i]->width, columns.names[i]->text);
    fputc('\n', to);
    for (size_t i = 0; i < rows.n && !ferror(to); i++)
        table_print_row(cells, &columns, rows.names[i], to);
    free(rows.names);
    free(columns.names);
    return true;
}
