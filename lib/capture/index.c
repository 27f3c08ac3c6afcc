#include "capture/index.h"

#include "capture/cursor_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Room for `need` elements in *array. False if there is no memory.
static bool make_room(void **array, size_t *max, size_t need, size_t element)
{
    size_t more = *max == 0 ? 16 : *max;
    void *grown;

    if (need <= *max)
        return true;
    while (more < need)
        more *= 2;
    grown = reallocarray(*array, more, element);
    if (grown == NULL)
        return false;
    *array = grown;
    *max = more;
    return true;
}

// Remembers the interfaces that the section has at this point. Those of the last section are the array's end.
static bool add_interfaces(struct capture_index *index, const struct capture_section *from)
{
    struct capture_index_section *to = &index->sections[index->n_sections - 1];
    uint32_t more = from->n_interfaces - to->n;
    void *interfaces = index->interfaces;
    bool ok = make_room(&interfaces, &index->interfaces_room, index->n_interfaces + more,
                        sizeof(*index->interfaces));

    index->interfaces = interfaces;
    if (!ok)
        return false;
    if (more > 0)
        memcpy(index->interfaces + index->n_interfaces, from->interfaces + to->n,
               more * sizeof(*index->interfaces));
    index->n_interfaces += more;
    to->n = from->n_interfaces;
    return true;
}

static bool add_section(struct capture_index *index, const struct capture_section *from)
{
    void *sections = index->sections;
    bool ok;

    if (index->n_sections > 0 && index->sections[index->n_sections - 1].ordinal == from->ordinal)
        return add_interfaces(index, from);
    if (index->n_sections == UINT32_MAX)
        return false;
    ok = make_room(&sections, &index->sections_max, index->n_sections + 1, sizeof(*index->sections));
    index->sections = sections;
    if (!ok)
        return false;
    index->sections[index->n_sections++] = (struct capture_index_section){
        .ordinal = from->ordinal, .first = index->n_interfaces, .swapped = from->swapped};
    return add_interfaces(index, from);
}

static bool add_anchor(struct capture_index *index, const struct capture_cursor *cursor, uint64_t offset)
{
    void *anchors = index->anchors;
    bool ok = make_room(&anchors, &index->anchors_max, index->n_anchors + 1, sizeof(*index->anchors));

    index->anchors = anchors;
    if (!ok || !add_section(index, &cursor->section))
        return false;
    index->anchors[index->n_anchors++] = (struct capture_index_anchor){
        .offset = offset,
        .section = (uint32_t)(index->n_sections - 1),
        .n_interfaces = cursor->section.n_interfaces,
    };
    return true;
}

static void add_step(struct capture_index *index, const struct capture_section *section, uint64_t offset)
{
    struct capture_index_anchor *anchor = &index->anchors[index->n_anchors - 1];
    uint64_t distance = offset - anchor->offset;

    if (section->ordinal == index->sections[anchor->section].ordinal &&
        section->n_interfaces == anchor->n_interfaces && distance <= UINT32_MAX)
        anchor->steps[index->frames % INDEX_STRIDE / INDEX_STEP - 1] = (uint32_t)distance;
}

static bool add_frame(struct capture_index *index, const struct capture_cursor *cursor,
                      const struct capture_record *record, struct diag *diag)
{
    if (index->frames % INDEX_STRIDE == 0 && !add_anchor(index, cursor, record->offset))
        return diag_set(diag, (struct span){0, 0}, "%s: no memory to index it", index->reader->name);
    if (index->frames % INDEX_STRIDE != 0 && index->frames % INDEX_STEP == 0)
        add_step(index, &cursor->section, record->offset);
    if (record->len > index->longest)
        index->longest = record->len;
    index->frames++;
    return true;
}

bool capture_index_build(struct capture_index *index, const struct capture_reader *reader,
                         capture_index_visit visit, void *context, struct diag *diag)
{
    struct capture_cursor cursor;
    struct capture_record record;
    enum capture_step step;

    *index = (struct capture_index){.reader = reader};
    if (reader->unzstd != NULL)
        return diag_set(diag, (struct span){0, 0},
                        "%s: compressed, so it can't be read at any place: decompress it first, with zstd",
                        reader->name);
    if (!reader->seekable)
        return diag_set(diag, (struct span){0, 0}, "%s: a stream; only a file can be read at any place",
                        reader->name);
    if (!capture_cursor_init(&cursor, reader, diag))
        return false;
    while ((step = capture_cursor_next(&cursor, &record, diag)) == CAPTURE_RECORD)
        if (!add_frame(index, &cursor, &record, diag) || (visit != NULL && !visit(context, &record, diag))) {
            step = CAPTURE_FAILED;
            break;
        }
    index->bytes = cursor.at;
    index->truncated = cursor.truncated;
    index->truncated_at = cursor.truncated_at;
    index->interfaces_max = cursor.section.interfaces_max;
    capture_cursor_release(&cursor);
    if (step == CAPTURE_FAILED)
        capture_index_release(index);
    return step != CAPTURE_FAILED;
}

bool capture_index_cursor(const struct capture_index *index, struct capture_cursor *cursor, struct diag *diag)
{
    struct capture_section *section = &cursor->section;

    if (!capture_cursor_init(cursor, index->reader, diag))
        return false;
    cursor->indexed = true;
    cursor->frames = index->frames;
    cursor->frame_max = index->longest;
    if (index->interfaces_max > 0) {
        section->interfaces = calloc(index->interfaces_max, sizeof(*section->interfaces));
        section->interfaces_max = index->interfaces_max;
        if (section->interfaces == NULL) {
            capture_cursor_release(cursor);
            return diag_set(diag, (struct span){0, 0}, "%s: no memory to read it", index->reader->name);
        }
    }
    // A small capture stays in the buffer. If that fails, the first frame tells why.
    if (index->bytes <= CURSOR_BUFFER_BYTES)
        (void)cursor_bytes(cursor, 0, (size_t)index->bytes);
    return true;
}

// Puts the cursor at the frame, or at one that is known before it.
static void restore(const struct capture_index *index, struct capture_cursor *cursor, uint64_t frame)
{
    const struct capture_index_anchor *anchor = &index->anchors[frame / INDEX_STRIDE];
    unsigned step = (unsigned)(frame % INDEX_STRIDE / INDEX_STEP);
    const struct capture_index_section *from = &index->sections[anchor->section];
    struct capture_section *to = &cursor->section;

    cursor->at = anchor->offset;
    cursor->ordinal = frame - frame % INDEX_STRIDE;
    if (step > 0 && anchor->steps[step - 1] > 0) {
        cursor->at += anchor->steps[step - 1];
        cursor->ordinal = frame - frame % INDEX_STEP;
    }
    if (anchor->n_interfaces > 0 && (to->ordinal != from->ordinal || to->n_interfaces < anchor->n_interfaces))
        memcpy(to->interfaces, index->interfaces + from->first,
               anchor->n_interfaces * sizeof(*to->interfaces));
    to->ordinal = from->ordinal;
    to->swapped = from->swapped;
    to->n_interfaces = anchor->n_interfaces;
}

bool capture_index_seek(const struct capture_index *index, struct capture_cursor *cursor, uint64_t frame,
                        struct diag *diag)
{
    if (frame >= index->frames)
        return diag_set(diag, (struct span){0, 0}, "%s: frame %" PRIu64 " of %" PRIu64, index->reader->name,
                        frame + 1, index->frames);
    // A cursor that is on its way to the frame goes on from there.
    if (cursor->ordinal > frame || cursor->ordinal < frame - frame % INDEX_STEP)
        restore(index, cursor, frame);
    return capture_cursor_skip(cursor, frame - cursor->ordinal, diag) == CAPTURE_RECORD;
}

void capture_index_release(struct capture_index *index)
{
    free(index->interfaces);
    free(index->sections);
    free(index->anchors);
    index->interfaces = NULL;
    index->sections = NULL;
    index->anchors = NULL;
}
