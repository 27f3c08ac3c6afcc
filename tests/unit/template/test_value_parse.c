#include "template/value_parse.h"

#include "template/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PRINT_MAX 600
#define SHOWN_MAX 6 // values of a set; of a larger one its first and last

// ---- fields of all kinds

static const struct name colours[] = {{1, "red"}, {2, "dark-green"}, {3, "3com"}, {0, NULL}};
static const struct name messages[] = {{1, "discover"}, {3, "request"}, {0, NULL}};

static const struct option_desc tcp_like[] = {
    {.name = "EOL", .number = 0, .bare = true},
    {.name = "NOP", .number = 1, .bare = true},
    {.name = "MSS", .number = 2, .format = "H"},
    {.name = "SAckOK", .number = 4},
    {.name = "SAck", .number = 5, .format = "I*"},
    {.name = "Timestamp", .number = 8, .format = "II"},
    {.name = NULL},
};
static const struct option_desc dhcp_like[] = {
    {.name = "pad", .number = 0, .bare = true},
    {.name = "end", .number = 255, .bare = true},
    {.name = "router", .number = 3, .format = "A*"},
    {.name = "server_id", .number = 54, .format = "A"},
    {.name = "hostname", .number = 12},
    {.name = "message-type", .number = 53, .format = "B", .names = messages},
    {.name = "param_req_list", .number = 55, .format = "B*"},
    {.name = NULL},
};

// A part is its length and itself; a number is its last byte. "bad" is refused.
static bool part_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    if (part->bytes != NULL && part->len == 3 && memcmp(part->bytes, "bad", 3) == 0) {
        *problem = "this one is bad";
        return false;
    }
    if (part->call != NULL && strcmp(part->call, "OID") != 0)
        return false;
    if (part->call != NULL)
        out[(*len)++] = 'O';
    if (part->bytes == NULL) {
        out[(*len)++] = (uint8_t)part->number;
        return true;
    }
    out[(*len)++] = (uint8_t)part->len;
    memcpy(out + *len, part->bytes, part->len);
    *len += part->len;
    return true;
}

// Takes numbers only.
static bool digit_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    *problem = "numbers only";
    if (part->bytes == NULL)
        out[(*len)++] = (uint8_t)part->number;
    return part->bytes == NULL;
}

static const struct codec part_codec = {.name = "part", .encode = part_encode};
static const struct codec parts_codec = {.name = "parts", .takes_list = true, .encode = part_encode};
static const struct codec digit_codec = {.name = "digit", .encode = digit_encode};

static const struct field_desc fields[] = {
    {.name = "byte", .bits = 8, .kind = FIELD_NUMBER},
    {.name = "short", .bits = 16, .kind = FIELD_NUMBER, .names = colours},
    {.name = "int", .bits = 32, .kind = FIELD_NUMBER},
    {.name = "long", .bits = 64, .kind = FIELD_NUMBER},
    {.name = "bit3", .bits = 3, .kind = FIELD_NUMBER},
    {.name = "port", .bits = 16, .kind = FIELD_PORT},
    {.name = "letters", .bits = 9, .kind = FIELD_FLAGS, .letters = "FSRPAUECN"},
    {.name = "named", .bits = 3, .kind = FIELD_FLAGS, .letters = "MF+DF+evil"},
    {.name = "mac", .bits = 48, .kind = FIELD_MAC},
    {.name = "ip", .bits = 32, .kind = FIELD_IPV4},
    {.name = "ip6", .bits = 128, .kind = FIELD_IPV6},
    {.name = "paddr", .kind = FIELD_ADDRESS},
    {.name = "hwaddr", .kind = FIELD_ADDRESS},
    {.name = "load", .kind = FIELD_BYTES},
    {.name = "words", .kind = FIELD_BYTES, .zero_padded = true},
    {.name = "fixed", .bits = 32, .kind = FIELD_BYTES},
    {.name = "packets", .kind = FIELD_PACKETS},
    {.name = "part", .kind = FIELD_CODED, .codec = &part_codec},
    {.name = "parts", .kind = FIELD_CODED, .codec = &parts_codec},
    {.name = "digit", .kind = FIELD_CODED, .codec = &digit_codec},
    {.name = "options", .kind = FIELD_OPTIONS, .zero_padded = true, .options = tcp_like},
    {.name = "dhcp", .kind = FIELD_OPTIONS, .options = dhcp_like, .option_style = OPTION_DHCP},
};

static const struct field_desc *field_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

// ---- reading and printing

static bool test_lookup(void *context, const char *name, uint8_t family, struct address *address,
                        const char **why)
{
    (void)context;
    *why = "no such name";
    return strcmp(name, "host.example") == 0 &&
           address_parse(family == 4 ? "192.0.2.9" : "2001:db8::9", family == 4 ? 9 : 11, address);
}

static char file_path[] = "/tmp/volley_test_valuesXXXXXX";
static char services_path[] = "/tmp/volley_test_servicesXXXXXX";

static const struct resolver test_resolver = {.lookup = test_lookup};

struct parsed {
    struct arena arena;
    struct services services;
    const struct values *values;
    struct diag diag;
    char text[PRINT_MAX]; // "n: values", or "line:column message"
};

static void print_number(struct parsed *parsed, u128 number)
{
    char digits[NUMBER_TEXT_MAX];
    size_t n = strlen(parsed->text);

    if (number <= UINT32_MAX || parsed->values->width == 0)
        snprintf(parsed->text + n, PRINT_MAX - n, " %s", number_text((i128)number, digits));
    else
        snprintf(parsed->text + n, PRINT_MAX - n, " %llx:%llx", (unsigned long long)(number >> 64),
                 (unsigned long long)number);
}

static void print_value(struct parsed *parsed, uint64_t digit)
{
    const struct values_string *string = &parsed->values->strings[digit];

    if (parsed->values->kind != VALUES_STRINGS) {
        print_number(parsed, values_number(parsed->values, digit));
        return;
    }
    strcat(parsed->text, " ");
    for (uint32_t i = 0; i < string->len && i < 60; i++)
        snprintf(strchr(parsed->text, '\0'), 3, "%02x", string->bytes[i]);
    if (string->items != 1)
        snprintf(strchr(parsed->text, '\0'), 20, "#%u", string->items);
}

static void print_values(struct parsed *parsed)
{
    const struct values *values = parsed->values;

    snprintf(parsed->text, PRINT_MAX, "%s%llu:", values->random ? "?" : "",
             (unsigned long long)(values->n == UINT64_MAX ? 0 : values->n));
    if (values->kind == VALUES_HASH) {
        print_number(parsed, values->start);
        print_number(parsed, values->mask);
    }
    if (values->kind == VALUES_RANDOM_STRING)
        snprintf(strchr(parsed->text, '\0'), 40, " %u of %u at %u", values->letters->n, values->len,
                 values->letters->at);
    if (values->n == UINT64_MAX)
        return;
    for (uint64_t i = 0; i < values->n && values->n <= SHOWN_MAX; i++)
        print_value(parsed, i);
    if (values->n > SHOWN_MAX) {
        print_value(parsed, 0);
        strcat(parsed->text, " ..");
        print_value(parsed, values->n - 1);
    }
}

static void parse(struct parsed *parsed, const char *field, const char *text, const struct resolver *resolver)
{
    const struct syntax *tree;

    *parsed = (struct parsed){0};
    arena_init(&parsed->arena, 0);
    assert_int_equal(services_init(&parsed->services, services_path), 0);
    struct value_parser parser = {&parsed->arena, &parsed->services, resolver, &parsed->diag, 0};
    assert_non_null(field_of(field));
    bool ok = syntax_parse(text, strlen(text), &parsed->arena, &tree, &parsed->diag) &&
              value_parse(&parser, field_of(field), tree, &parsed->values);
    assert_int_equal(ok, !parsed->diag.set);
    if (!ok)
        snprintf(parsed->text, PRINT_MAX, "%u+%u %s", parsed->diag.where.at, parsed->diag.where.len,
                 parsed->diag.message);
    else if (parsed->values == NULL)
        strcpy(parsed->text, "none");
    else
        print_values(parsed);
}

static void release(struct parsed *parsed)
{
    services_release(&parsed->services);
    arena_release(&parsed->arena);
}

static void expect(const char *field, const char *text, const char *wanted)
{
    struct parsed parsed;

    parse(&parsed, field, text, &test_resolver);
    if (strcmp(parsed.text, wanted) != 0)
        print_message("%s=%s\n", field, text);
    assert_string_equal(parsed.text, wanted);
    release(&parsed);
}

struct row {
    const char *field, *text, *values;
};

// ---- what is written

static const struct row rows[] = {
    {"byte", "None", "none"},
    {"byte", "64", "1: 64"},
    {"byte", "2*32-1", "1: 63"},
    {"byte", "[22,(80,90,5),1]", "5: 22 80 85 90 1"},
    {"byte", "(5,1)", "0:"},
    {"byte", "(5,1,-2)", "2: 5 3"},
    {"byte", "(0,255)", "256: 0 .. 255"},
    {"byte", "range(3)", "3: 0 1 2"},
    {"byte", "range(3,6)", "3: 3 4 5"},
    {"byte", "range(9,2,-3)", "3: 9 6 3"},
    {"byte", "range(256)", "256: 0 .. 255"},
    {"byte", "range(-7,-9)", "0:"},
    {"byte", "[range(2),7]", "3: 0 1 7"},
    {"byte", "[]", "0:"},
    {"short", "\"red\"", "1: 1"},
    {"short", "[\"dark-green\",7]", "2: 2 7"},
    {"port", "[\"http\",\"domain\"]", "2: 80 53"},
    {"letters", "\"SA\"", "1: 18"},
    {"letters", "[\"S\",\"A\",(0,1)]", "4: 2 16 0 1"},
    {"named", "\"MF+evil\"", "1: 5"},
    {"mac", "\"2:0:0:0:0:1\"", "1: 2199023255553"},
    {"mac", "b'\\x02\\0\\0\\0\\0\\1'", "1: 2199023255553"},
    {"mac", "(\"0:0:0:0:0:1\",\"0:0:0:0:0:9\")", "9: 1 .. 9"},
    // addresses
    {"ip", "\"10.0.0.1\"", "1: 167772161"},
    {"ip", "\"10.2\"", "1: 167772162"},
    {"ip", "\"0x0a000005\"", "1: 167772165"},
    {"ip", "\"010.0.0.1\"", "1: 134217729"},
    {"ip", "\"10.0.0.7/30\"", "4: 167772164 167772165 167772166 167772167"},
    {"ip", "\"10.2/31\"", "2: 167772162 167772163"},
    {"ip", "(\"10.0.0.1\",\"10.0.0.3\")", "3: 167772161 167772162 167772163"},
    {"ip", "Net(\"10.0.0.0/30\")", "4: 167772160 167772161 167772162 167772163"},
    {"ip", "Net(\"10.0.0.1\",\"10.0.0.2\")", "2: 167772161 167772162"},
    {"ip", "Net(net=\"10.0.0.1\",stop=\"10.0.0.2\")", "2: 167772161 167772162"},
    {"ip", "\"10.0.0.1-3\"", "3: 167772161 167772162 167772163"},
    {"ip", "\"10.0.0.*\"", "256: 167772160 .. 167772415"},
    {"ip", "\"10.0-1.0.1-2\"", "4: 167772161 167772162 167837697 167837698"},
    {"ip", "\"*.*.*.*\"", "4294967296: 0 .. 4294967295"},
    {"ip", "\"1-223.*.*.1\"", "14614528: 16777217 .. 3758096129"},
    {"ip", "\"10.*.*.1-5\"", "327680: 167772161 .. 184549125"},
    {"ip", "[\"10.0.0.1\",\"10.0.0.8/31\",Net(\"10.0.1.0/32\"),\"10.0.2.1-2\"]",
     "6: 167772161 167772168 167772169 167772416 167772673 167772674"},
    {"ip", "\"host.example\"", "1: 3221225993"},
    {"ip", "\"host.example/31\"", "2: 3221225992 3221225993"},
    {"ip6", "\"2001:2::1\"", "1: 2001000200000000:1"},
    {"ip6", "\"host.example\"", "1: 20010db800000000:9"},
    {"ip6", "[\"2001:2::8/127\",(\"::1\",\"::2\")]", "4: 2001000200000000:8 2001000200000000:9 1 2"},
    {"ip6", "Net6(\"2001:2::/126\")",
     "4: 2001000200000000:0 2001000200000000:1 2001000200000000:2 2001000200000000:3"},
    {"paddr", "[\"10.0.0.0/31\",\"10.0.1.1-2\"]", "4: 167772160 167772161 167772417 167772418"},
    {"paddr", "Net(\"10.0.0.0/31\")", "2: 167772160 167772161"},
    {"paddr", "\"2001:2::1\"", "1: 2001000200000000:1"},
    {"hwaddr", "\"0:0:0:0:0:1\"", "1: 1"},
    {"hwaddr", "\"ab\"", "1: 6162"},
    // strings
    {"load", "\"ab\"", "1: 6162"},
    {"load", "[\"a\",\"\",\"b\"*3]", "3: 61  626262"},
    {"load", "3*(\"a\"+\"b\"*2)+\"c\"", "1: 61626261626261626263"},
    {"load", "b\"\\xff\\0\"", "1: ff00"},
    {"words", "[\"\",\"abc\",\"abcd\"]", "3:  61626300 61626364"},
    {"fixed", "[\"\",\"abc\",\"abcd\"]", "3: 00000000 61626300 61626364"},
    {"packets", "\"ab\"", "1: 6162"},
    // coded
    {"part", "\"ab\"", "1: 026162"},
    {"part", "7", "1: 07"},
    {"part", "OID(\"1.3\")", "1: 4f03312e33"},
    {"part", "[\"a\",5,OID(6),\"b\"*2]", "4: 0161 05 4f06 026262"},
    {"part", "(1,3)", "3: 01 02 03"},
    {"part", "[range(2),9]", "3: 00 01 09"},
    {"parts", "\"a\"", "1: 0161"},
    {"parts", "[\"a\",\"bc\",3]",
     "1: 0161026263"
     "03#3"},
    {"parts", "[]", "1: #0"},
    // options
    {"options", "[('MSS',1460),('NOP',None),('SAckOK','')]", "1: 020405b401040200#3"},
    {"options", "[(\"Timestamp\",(1,2)),\"NOP\"]", "1: 080a00000001000000020100#2"},
    {"options", "[('SAck',(1,2))]",
     "1: 050a0000000100000002"
     "0000#1"},
    {"options", "[('MSS',\"ab\"),(254,\"x\")]", "1: 02046162fe037800#2"},
    {"options", "[]", "1: #0"},
    {"options", "\"abc\"", "1: 61626300"},
    {"options", "RandChoice([('NOP',None)],[('MSS',1)])", "?2: 01000000 02040001"},
    {"dhcp", "[(\"message-type\",\"discover\"),\"end\"]", "1: 350101ff#2"},
    {"dhcp", "[(\"message-type\",3),\"pad\"]", "1: 35010300#2"},
    {"dhcp", "[(\"router\",\"10.0.0.1\",\"10.2\")]", "1: 03080a0000010a000002"},
    {"dhcp", "[(\"router\",[\"10.0.0.1\"])]", "1: 03040a000001"},
    {"dhcp", "[(\"server_id\",\"host.example\")]", "1: 3604c0000209"},
    {"dhcp", "[(\"param_req_list\",1,3,6)]", "1: 3703010306"},
    {"dhcp", "[(\"param_req_list\",[1,3])]", "1: 37020103"},
    {"dhcp", "[(\"param_req_list\",\"\\x01\\x03\")]", "1: 37020103"},
    {"dhcp", "[80,(\"end\",)]", "1: 5000ff#2"},
    {"dhcp", "[(\"hostname\",\"a\",\"b\"),(77,\"x\")]", "1: 0c0261624d0178#2"},
};

static void values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char wanted[PRINT_MAX];

        // One option is one item, which is not printed.
        snprintf(wanted, sizeof(wanted), "%s", rows[i].values);
        char *one = strstr(wanted, "#1");
        if (one != NULL && one[2] == '\0')
            *one = '\0';
        expect(rows[i].field, rows[i].text, wanted);
    }
}

// "?": drawn. "?0: start mask", "?0: letters of length at place" are drawn by 64 bits.
static const struct row random_rows[] = {
    {"byte", "RandByte()", "?256: 0 .. 255"},
    {"short", "RandByte()", "?256: 0 .. 255"},
    {"short", "RandShort()", "?65536: 0 .. 65535"},
    {"int", "RandInt()", "?4294967296: 0 .. 4294967295"},
    {"long", "RandLong()", "?0: 0 18446744073709551615"},
    {"long", "RandNum(0,2*9223372036854775807+1)", "?0: 0 18446744073709551615"},
    {"bit3", "RandNum(2,7)", "?6: 2 3 4 5 6 7"},
    {"bit3", "RandNum(max=7,min=7)", "?1: 7"},
    {"byte", "RandChoice(1,5,(7,8),[9,range(2)])", "?7: 1 .. 1"},
    {"port", "RandChoice(\"http\",8080)", "?2: 80 8080"},
    {"letters", "RandChoice(\"S\",\"SA\")", "?2: 2 18"},
    {"ip", "RandIP()", "?4294967296: 0 .. 4294967295"},
    {"ip", "RandIP(\"10.0.0.0/30\")", "?4: 167772160 167772161 167772162 167772163"},
    {"ip", "RandIP(\"10.0.0.1-2\")", "?2: 167772161 167772162"},
    {"ip", "RandChoice(\"10.0.0.0/31\",Net(\"10.1.0.0/32\"))", "?3: 167772160 167772161 167837696"},
    {"paddr", "RandIP(\"10.0.0.0/31\")", "?2: 167772160 167772161"},
    {"ip6", "RandIP6()", "?0: 0 ffffffffffffffff:ffffffffffffffff"},
    {"ip6", "RandIP6(\"2001:2::1:0:0:0/48\")", "?0: 2001000200000000:0 ffff:ffffffffffffffff"},
    {"ip6", "RandIP6(\"2001:2::*:1\")", "?0: 2001000200000000:1 4294901760"},
    {"mac", "RandMAC()", "?0: 0 281474976710655"},
    {"mac", "RandMAC(\"02:00:00:*:*:*\")", "?0: 2199023255552 16777215"},
    {"mac", "RandMAC(\"02:A0-af\")", "?0: 2886218022912 68719476735"},
    {"hwaddr", "RandMAC(\"0:0:0:0:0:*\")", "?0: 0 255"},
    {"load", "RandString(8)", "?0: 8 of 8 at 0"},
    {"load", "RandString(size=3,chars=\"ab\")", "?0: 3 of 3 at 0"},
    {"load", "RandBin(0)", "?0: 0 of 0 at 0"},
    {"load", "RandChoice(\"a\",\"bcd\")", "?2: 61 626364"},
    {"words", "RandString(5)", "?0: 5 of 8 at 0"},
    {"fixed", "RandBin(2)", "?0: 2 of 4 at 0"},
    {"part", "RandString(5)", "?0: 5 of 6 at 1"},
    {"part", "RandShort()", "?65536: 00 .. ff"},
    {"parts", "RandChoice([\"a\",\"b\"],\"c\")", "?2: 01610162#2 0163"},
};

static void random_values_are_sets_to_draw_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(random_rows); i++)
        expect(random_rows[i].field, random_rows[i].text, random_rows[i].values);
}

static const struct row wrong_rows[] = {
    {"byte", "256", "0+3 byte must be 0 to 255, not 256"},
    {"byte", "(1,300)", "3+3 byte must be 0 to 255, not 300"},
    {"byte", "range(257)", "0+10 byte must be 0 to 255, not 256"},
    {"byte", "range(-1,3)", "0+11 byte must be 0 to 255, not -1"},
    {"byte", "range(1,2,0)", "10+1 the step must be a number other than 0"},
    {"byte", "range()", "0+7 range() lacks its last number"},
    {"byte", "range(1,2,3,4)", "12+1 range() takes up to 3 arguments"},
    {"byte", "range(\"a\")", "6+3 expected a number"},
    {"byte", "\"x\"", "0+3 byte takes numbers, not 'x'"},
    {"short", "\"rde\"", "0+5 short has no value 'rde'"},
    {"byte", "RandShrt()", "0+8 no function 'RandShrt' for values"},
    {"byte", "TCP()", "0+3 no function 'TCP' for values"},
    {"byte", "RandShort()", "0+11 RandShort() may be larger than byte, which takes 0 to 255"},
    {"int", "RandLong()", "0+10 RandLong() may be larger than int, which takes 0 to 4294967295"},
    {"bit3", "RandNum(1,8)", "0+12 RandNum() may be larger than bit3, which takes 0 to 7"},
    {"byte", "RandNum(7,1)", "0+12 min is above max"},
    {"byte", "RandNum(7)", "0+10 RandNum() lacks its max"},
    {"byte", "RandNum(1,2,3)", "12+1 RandNum() takes 2 arguments"},
    {"byte", "RandNum(min=1,low=3)", "14+3 RandNum() has no argument 'low'"},
    {"byte", "RandNum(1,min=3)", "14+1 this argument is given twice"},
    {"byte", "RandByte(4)", "9+1 RandByte() takes no arguments"},
    {"byte", "RandIP()", "0+8 byte can't be RandIP()"},
    {"byte", "[1,RandByte()]", "3+10 a random value can't stand among other values"},
    {"byte", "(1,RandByte())", "3+10 a random value can't stand in a range"},
    {"byte", "RandChoice(1,RandByte())", "13+10 a random value can't stand in RandChoice()"},
    {"byte", "RandChoice()", "0+12 RandChoice() needs values to choose from"},
    {"byte", "RandChoice(x=1)", "11+1 RandChoice() takes values, without names"},
    {"byte", "RandByte()+1", "0+12 byte takes a number, a range (first,last) or a list"},
    {"load", "\"a\"+RandString(3)", "4+13 a random value can't stand in a string"},
    {"load", "RandString()", "0+12 how long? give RandString a size"},
    {"load", "RandString(3,\"\")", "13+2 there must be 1 to 65535 characters to draw from"},
    {"load", "RandInt()", "0+9 load can't be RandInt()"},
    {"fixed", "RandBin(5)", "0+10 fixed has room for 4 bytes, not for 5"},
    {"fixed", "\"abcde\"", "0+7 fixed has room for 4 bytes, not for 5"},
    {"load", "5", "0+1 expected a string"},
    {"load", "(\"a\",\"b\")", "0+9 load takes no ranges; alternatives are a list [...]"},
    {"load", "\"a\"*70000", "4+5 the count must be 0 to 65535, not 70000"},
    {"ip", "\"10.0.0.0/33\"", "0+13 the prefix length must be 0 to 32"},
    {"ip", "\"10.0.0.0/255.0.0.0\"", "0+20 the prefix length must be 0 to 32"},
    {"ip", "\"10.0.0.300\"", "0+12 '10.0.0.300' is no IPv4 address or network"},
    {"ip", "\"10.0.0.5-1\"", "0+12 '10.0.0.5-1' is no range of addresses"},
    {"ip", "\"10.0.0.*/24\"", "0+13 '10.0.0.*/24' is no range of addresses"},
    {"ip", "\"*.*.*.1-5\"", "0+11 the address falls apart into more than 262144 ranges"},
    {"ip", "\"nohost.example\"", "0+16 no IPv4 address found for 'nohost.example': no such name"},
    {"ip", "\"2001:2::1\"", "0+11 '2001:2::1' is IPv6, and this field takes IPv4"},
    {"ip", "Net6(\"2001:2::1\")", "0+17 ip takes no IPv6 addresses"},
    {"ip", "Net(\"10.0.0.1\",5)", "15+1 expected an address of the range"},
    {"ip", "Net()", "0+5 Net() lacks its net"},
    {"ip", "range(5)", "0+8 ip takes no ranges of numbers"},
    {"ip", "RandIP6()", "0+9 ip can't be RandIP6()"},
    {"ip", "5", "0+1 expected an address or a network in quotes: \"198.18.0.0/24\""},
    {"ip6", "\"10.0.0.0/24\"", "0+13 '10.0.0.0/24' is IPv4, and this field takes IPv6"},
    {"ip", "\"\\0\"", "0+4 '' is no IPv4 address or network"},
    {"ip6", "\"2001:2::/48\"", "0+13 a /48 network has more addresses than can be counted (2^62)"},
    {"ip6", "\"10.0.0.1-5\"", "0+12 '10.0.0.1-5' is IPv4, and this field takes IPv6"},
    {"ip6", "RandIP6(\"2001:*\")", "8+8 '2001:*' is no IPv6 address with '*' for groups"},
    {"paddr", "[\"10.0.0.1\",\"::1\"]", "12+5 values of different kinds in one list"},
    {"hwaddr", "[\"0:0:0:0:0:1\",\"ab\"]", "15+4 values of different kinds in one list"},
    {"mac", "\"0:0:0:0:0\"", "0+11 expected a MAC address, not '0:0:0:0:0'"},
    {"mac", "RandMAC(\"02:00-03-5\")", "8+12 '02:00-03-5' is no template of a MAC"},
    {"mac", "RandMAC(\"0:0:0:0:0:0:0\")", "8+15 a MAC has six parts"},
    {"part", "\"bad\"", "0+5 part: this one is bad"},
    {"part", "[\"a\",\"bad\"]", "5+5 part: this one is bad"},
    {"part", "WHAT(5)", "0+7 part: this is no part"},
    {"part", "OID(1,2)", "0+8 OID() takes one value"},
    {"part", "(1,9999999)", "0+11 more than 1048576 values; part has bytes made for each"},
    {"part", "RandInt()", "0+9 more than 1048576 values; part has bytes made for each"},
    {"digit", "RandString(4)", "0+13 digit: numbers only"},
    {"parts", "(1,2)", "0+5 parts takes no ranges of numbers"},
    {"parts", "[1,RandByte()]", "3+10 a random value can't stand in a list"},
    {"parts", "[1,range(3)]", "3+8 parts is one list of values; a set can't stand in it"},
    {"options", "5", "0+1 options are a list: [('MSS',1460),('NOP',None)]"},
    {"options", "[5]", "1+1 an option is written (name, value), as in ('MSS',1460)"},
    {"options", "['MSS']", "1+5 the option 'MSS' needs a value: ('MSS', VALUE)"},
    {"options", "[('MSX',1)]", "2+5 no option 'MSX'"},
    {"options", "[('MSS',[1,2])]", "8+5 a set of values can't stand inside an option"},
    {"options", "[('MSS',(1,2))]", "8+5 a set of values can't stand inside an option"},
    {"options", "[('MSS',RandShort())]", "8+11 a set of values can't stand inside an option"},
    {"options", "[('Timestamp',([1,2],0))]", "15+5 a set of values can't stand inside an option"},
    {"options", "[('Timestamp',(1,2,3))]", "14+7 this option takes 2 numbers, not 3"},
    {"options", "[('Timestamp',1,2,3)]", "1+19 this option takes 2 numbers, not 3"},
    {"options", "[('MSS',65536)]", "8+5 this option's value must be 0 to 65535, not 65536"},
    {"options", "[('NOP',5)]", "1+9 NOP takes no value"},
    {"options", "[(254,\"a\"*39)]", "6+6 options have room for 40 bytes in all"},
    {"dhcp", "[(\"message-type\",\"x\")]", "17+3 message-type has no value 'x'"},
    {"dhcp", "[(\"server_id\",\"10.0.0.0/24\")]", "14+13 a set of values can't stand inside an option"},
    {"dhcp", "[(\"server_id\",5)]", "14+1 this option takes an address in quotes"},
    {"dhcp", "[(\"hostname\",\"a\"*256)]", "1+20 an option's value has room for 255 bytes, not for 256"},
    {"byte", "[[1]]", "1+3 a list in a list; write one list"},
    {"byte", "[None]", "1+4 None can't stand in a list"},
};

static void errors_have_a_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong_rows); i++)
        expect(wrong_rows[i].field, wrong_rows[i].text, wrong_rows[i].values);
}

static void names_need_a_resolver(void **state)
{
    struct parsed parsed;

    (void)state;
    parse(&parsed, "ip", "\"host.example\"", NULL);
    assert_string_equal(parsed.text, "0+14 'host.example' is no address, and names cannot be looked up here");
    release(&parsed);
}

// ---- random strings

static void random_strings_are_of_their_letters(void **state)
{
    struct parsed parsed;
    uint8_t a[9], b[9], again[9];

    (void)state;
    parse(&parsed, "part", "RandString(7,\"xyz\")", NULL);
    assert_int_equal(parsed.values->len, 8);
    values_random_string(parsed.values, 1, a);
    values_random_string(parsed.values, 2, b);
    values_random_string(parsed.values, 1, again);
    assert_memory_equal(a, again, 8);
    assert_memory_not_equal(a, b, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_true(i == 0 ? a[i] == 7 : a[i] >= 'x' && a[i] <= 'z');
    release(&parsed);
}

static void random_strings_use_all_letters(void **state)
{
    struct parsed parsed;
    unsigned seen[256] = {0};
    uint8_t bytes[16];

    (void)state;
    parse(&parsed, "load", "RandBin(16)", NULL);
    for (uint64_t digit = 0; digit < 4096; digit++) {
        values_random_string(parsed.values, digit * UINT64_C(0x123456789abcdef1), bytes);
        for (unsigned i = 0; i < sizeof(bytes); i++)
            seen[bytes[i]]++;
    }
    for (unsigned i = 0; i < 256; i++)
        assert_in_range(seen[i], 150, 370); // 256 expected
    release(&parsed);
}

static void random_addresses_use_all_bits(void **state)
{
    struct parsed parsed;
    u128 ones = 0, zeros = 0;

    (void)state;
    parse(&parsed, "ip6", "RandIP6(\"2001:2::/32\")", NULL);
    for (uint64_t digit = 0; digit < 64; digit++) {
        u128 value = values_number(parsed.values, digit * UINT64_C(0x9e3779b97f4a7c15));

        assert_true(value >> 96 == 0x20010002);
        ones |= value;
        zeros |= ~value;
    }
    assert_true((ones & parsed.values->mask) == parsed.values->mask);
    assert_true((zeros & parsed.values->mask) == parsed.values->mask);
    assert_true(values_largest(parsed.values) >> 96 == 0x20010002);
    release(&parsed);
}

// ---- files

static void write_file(const char *text, size_t len)
{
    FILE *file = fopen(file_path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

// The values of file(...), written in `text` as FILE.
static void expect_file(const char *field, const char *content, const char *text, const char *wanted)
{
    char expression[PRINT_MAX], place[PRINT_MAX], *at;
    const char *mark = strstr(text, "FILE");
    struct parsed parsed;

    write_file(content, strlen(content));
    snprintf(expression, sizeof(expression), "%.*sfile(\"%s\")%s", (int)(mark - text), text, file_path,
             mark + 4);
    parse(&parsed, field, expression, &test_resolver);
    // The path is of the machine.
    snprintf(place, sizeof(place), "%s", parsed.text);
    at = strstr(place, file_path);
    if (at != NULL)
        memmove(at, at + strlen(file_path), strlen(at + strlen(file_path)) + 1);
    assert_string_equal(place, wanted);
    release(&parsed);
}

struct file_row {
    const char *field, *content, *text, *values;
};

static const struct file_row file_rows[] = {
    {"short", "1\n0x10\n\n# three\n20-22\nred # a colour\ndark-green\r\n3com", "FILE", "8: 1 .. 3"},
    {"short", "5\n", "[1,FILE,2]", "3: 1 5 2"},
    {"short", "5\n5\n", "FILE", "2: 5 5"},
    {"short", "5\n6\n", "RandChoice(FILE)", "?2: 5 6"},
    {"short", "", "FILE", "0:"},
    {"short", "  # nothing\n\n \t\r\n", "FILE", "0:"},
    {"short",
     "\xef\xbb\xbf"
     "7\n",
     "FILE", "1: 7"},
    {"short", "65536\n", "FILE", "0+37 :1: short must be 0 to 65535, not 65536"},
    {"short", "1\n\n7-65536\n", "FILE", "0+37 :3: short must be 0 to 65535, not 65536"},
    {"short", "1\n9-7", "FILE", "0+37 :2: the range 9-7 ends before it starts"},
    {"short", "1\n99999999999999999999999\n", "[3,FILE]",
     "3+37 :2: short has no value '99999999999999999999999'"},
    {"port", "http\n1-3\n", "FILE", "4: 80 1 2 3"},
    {"letters", "SA\n2\n", "FILE", "2: 18 2"},
    {"mac", "2:0:0:0:0:1\n0:0:0:0:0:5 # five\n", "FILE", "2: 2199023255553 5"},
    {"mac", "2:0:0:0:0\n", "FILE", "0+37 :1: expected a MAC address, not '2:0:0:0:0'"},
    {"ip", "10.0.0.1\n 10.0.0.8/31\t# two\n10.0.1.1-2\nhost.example\n", "FILE",
     "6: 167772161 167772168 167772169 167772417 167772418 3221225993"},
    {"ip", "10.0.0.1\n10.0.0.1 10.0.0.2\n", "FILE",
     "0+37 :2: '10.0.0.1 10.0.0.2' is no IPv4 address or network"},
    {"ip", "\n\n::1\n", "FILE", "0+37 :3: '::1' is IPv6, and this field takes IPv4"},
    {"ip6", "::1\n::10/127\n", "FILE", "3: 1 16 17"},
    {"paddr", "10.0.0.1\n", "[\"10.0.0.2\",FILE]", "2: 167772162 167772161"},
    {"load", "ab\n # not\n#not\nc #d \n", "FILE", "2: 6162 6320236420"},
    {"fixed", "ab\nabcde\n", "FILE", "0+37 :2: fixed has room for 4 bytes, not for 5"},
    {"part", " ab # x\n7\n", "FILE", "2: 026162 0137"},
    {"digit", "7\n8 # eight\n", "FILE", "2: 07 08"},
    {"digit", "7\nx\n", "FILE", "0+37 :2: digit: numbers only"},
    {"parts", "a\nb\n", "FILE", "2: 0161 0162"},
    {"options", "ab\n", "FILE", "1: 61620000"},
};

static void files_are_read_by_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++)
        expect_file(file_rows[i].field, file_rows[i].content, file_rows[i].text, file_rows[i].values);
}

static void files_that_are_none(void **state)
{
    char text[80];

    (void)state;
    expect("byte", "file(\"/nonexistent/x\")", "0+22 /nonexistent/x: No such file or directory");
    expect("byte", "file(\"/tmp\")", "0+12 /tmp: Is a directory");
    expect("byte", "file(\"\")", "0+8 this is no path of a file");
    expect("byte", "file(5)", "5+1 expected a string");
    expect("byte", "file()", "0+6 file() lacks its path");
    snprintf(text, sizeof(text), "file(\"%s\",1)", file_path);
    expect("byte", text, "37+1 file() takes 1 arguments");
}

// Lines across the ends of what is read at once, and the longest.
static void long_lines_are_read(void **state)
{
    size_t len = 65535;
    char *line = calloc(1, 3 * len + 16);

    (void)state;
    assert_non_null(line);
    for (unsigned extra = 0; extra < 2; extra++) {
        struct parsed parsed;
        char text[80];
        size_t at = 2;

        memcpy(line, "a\n", 2);
        memset(line + at, 'b', len + extra);
        at += len + extra;
        line[at++] = '\n';
        memset(line + at, 'c', len);
        write_file(line, at + len);
        snprintf(text, sizeof(text), "file(\"%s\")", file_path);
        parse(&parsed, "load", text, NULL);
        if (extra == 0) {
            assert_int_equal(parsed.values->n, 3);
            assert_int_equal(parsed.values->strings[2].len, len);
            assert_int_equal(parsed.values->strings[1].bytes[len - 1], 'b');
        } else {
            assert_non_null(strstr(parsed.text, ":2: the line is longer than 65535 bytes"));
        }
        release(&parsed);
    }
    free(line);
}

static void many_strings_stay_apart(void **state)
{
    enum { LINES = 60000 };
    char *content = calloc(LINES, 8), *at = content;
    struct parsed parsed;
    char text[80];

    (void)state;
    assert_non_null(content);
    for (unsigned i = 0; i < LINES; i++)
        at += sprintf(at, "x%u\n", i);
    write_file(content, (size_t)(at - content));
    snprintf(text, sizeof(text), "file(\"%s\")", file_path);
    parse(&parsed, "part", text, NULL);
    assert_int_equal(parsed.values->n, LINES);
    for (unsigned i = 0; i < LINES; i++) {
        char wanted[16];
        int len = snprintf(wanted, sizeof(wanted), "x%u", i);

        assert_int_equal(parsed.values->strings[i].bytes[0], len);
        assert_memory_equal(parsed.values->strings[i].bytes + 1, wanted, len);
    }
    release(&parsed);
    free(content);
}

// ---- nonsense

// Repeats `part` between `before` and `after`; the parser must come back with an error or without one.
static void survive(const char *field, const char *before, const char *part, size_t times, const char *after)
{
    size_t n = strlen(part);
    char *text = calloc(1, strlen(before) + n * times + strlen(after) + 1), *at;
    struct parsed parsed;

    assert_non_null(text);
    at = stpcpy(text, before);
    for (size_t i = 0; i < times; i++, at += n)
        memcpy(at, part, n);
    strcpy(at, after);
    parse(&parsed, field, text, &test_resolver);
    release(&parsed);
    free(text);
}

static void nonsense_is_survived(void **state)
{
    (void)state;
    survive("byte", "1", "+1", 500000, "");
    survive("load", "\"a\"", "+\"a\"", 200000, "");
    survive("load", "[", "\"a\"*65535,", 90000, "]");
    survive("load", "", "(\"a\"+", 60, "\"b\"))))");
    survive("part", "[", "(0,1000000),", 80000, "]");
    survive("part", "", "OID(", 60, "1");
    survive("ip", "", "Net(", 60, "1");
    survive("ip", "[", "\"10.*.*.1-5\",", 70000, "]");
    survive("byte", "[", "RandByte(),", 90000, "]");
    survive("byte", "RandChoice(", "1,", 400000, "2)");
    survive("short", "[", "\"gren\",", 1, "]");
    survive("dhcp", "[", "(\"hostname\",\"a\"*255),", 40000, "]");
    survive("letters", "\"", "S", 1000000, "\"");
}

static int make_paths(void **state)
{
    static const char services[] = "http 80/tcp\ndomain 53/udp\n";
    int files[] = {mkstemp(file_path), mkstemp(services_path)};

    (void)state;
    if (files[0] < 0 || files[1] < 0 || write(files[1], services, sizeof(services) - 1) < 0)
        return -1;
    return close(files[0]) + close(files[1]);
}

static int remove_paths(void **state)
{
    (void)state;
    return unlink(file_path) + unlink(services_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(random_values_are_sets_to_draw_from),
        cmocka_unit_test(errors_have_a_place),
        cmocka_unit_test(names_need_a_resolver),
        cmocka_unit_test(random_strings_are_of_their_letters),
        cmocka_unit_test(random_strings_use_all_letters),
        cmocka_unit_test(random_addresses_use_all_bits),
        cmocka_unit_test(files_are_read_by_line),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(long_lines_are_read),
        cmocka_unit_test(many_strings_stay_apart),
        cmocka_unit_test(nonsense_is_survived),
    };

    return cmocka_run_group_tests(tests, make_paths, remove_paths);
}
