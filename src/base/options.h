/* SPDX-License-Identifier: ISC */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

/* The one table of a verb's options. It feeds parsing, --help, the configuration file, shell completion and
 * the check of the man page, so they cannot disagree.
 *
 *     struct ask { bool quiet; int64_t timeout_ns; const char *until; };
 *
 *     static const struct option_row rows[] = {
 *         OPTION_GROUP(N_("Waiting")),
 *         OPTION_DURATION('t', "timeout", N_("TIME"), struct ask, timeout_ns, 0, OPTION_DAY_NS,
 *             N_("give up after TIME (default 5s)")),
 *         OPTION_FLAG('q', "quiet", struct ask, quiet, N_("print the reply only")),
 *         OPTION_END,
 *     };
 *
 * Defaults are what the struct holds before parsing. A row names the member, and a member of the wrong type
 * does not compile. -h and --help are in every verb without a row. */

enum option_type {
    OPTION_TYPE_END,
    OPTION_TYPE_GROUP,
    OPTION_TYPE_FLAG,     /* bool: --name sets it; --no-name takes back what a file set */
    OPTION_TYPE_SWITCH,   /* bool, for what is on by default: --help shows --[no-]name */
    OPTION_TYPE_COUNT,    /* int: how many times it was given */
    OPTION_TYPE_STRING,   /* const char * */
    OPTION_TYPE_NUMBER,   /* int64_t */
    OPTION_TYPE_DURATION, /* int64_t, nanoseconds */
    OPTION_TYPE_MS,       /* int64_t, a duration in milliseconds; what is over is rounded up */
    OPTION_TYPE_SIZE,     /* size_t, bytes */
    OPTION_TYPE_CHOICE,   /* int (or an enum): the place in choices */
    OPTION_TYPE_LIST,     /* struct option_list: each time one more */
};

/* What a shell completes a value with. */
enum option_complete {
    OPTION_COMPLETE_NONE,
    OPTION_COMPLETE_FILE,
    OPTION_COMPLETE_ADDRESS,
    OPTION_COMPLETE_CONTACT,
    OPTION_COMPLETE_INTERFACE,
    OPTION_COMPLETE_CHOICE,
    OPTION_COMPLETE_COMMAND,
    OPTION_COMPLETE_ARGUMENT, /* it depends on the arguments before: the verb is asked */
};

struct option_list {
    const char **items;
    size_t count;
};

struct option_row {
    enum option_type type;
    char short_name;            /* 0: none */
    const char *long_name;      /* of a group: its heading, N_() */
    const char *metavar;        /* N_(); NULL where there is no value */
    const char *help;           /* N_(), one phrase, no full stop */
    size_t offset;              /* of the member */
    int64_t min, max;           /* in the unit of the member; both 0: anything */
    const char *const *choices; /* NULL ends it */
    enum option_complete complete;
};

struct option_example {
    const char *command; /* as typed, from "landline" on */
    const char *says;    /* N_(), what it does */
};

#define OPTION_ANY_ARGS SIZE_MAX

struct option_verb {
    const char *name; /* "ask"; NULL for landline itself */
    const char *const
        *synopsis;           /* N_(), lines without "landline ask", such as "ADDRESS [MESSAGE]"; NULL ends */
    const char *summary;     /* N_(), one line, for landline --help */
    const char *description; /* N_(), may be NULL; an empty line parts paragraphs */
    const struct option_row *rows;
    const struct option_example *examples; /* may be NULL; a NULL command ends it */
    size_t args_min, args_max;             /* how many arguments beside the options */
    enum option_complete args_complete;
};

enum option_source {
    OPTION_DEFAULT,      /* not given at all */
    OPTION_FILE_GENERAL, /* the configuration file, [landline] */
    OPTION_FILE_VERB,    /* the configuration file, the verb's own section */
    OPTION_COMMAND_LINE,
};

/* The result of parsing, beside the verb's struct. */
struct options {
    const struct option_verb *verb;
    void *values;
    char **args; /* what is no option, in order, NULL at the end; the texts are argv's */
    size_t n_args;
    size_t n_before; /* how many of them came before a "--"; n_args where there was none */
    bool help;       /* --help was given: nothing after it was looked at */
    uint8_t *sources;
    char **owned;
    size_t n_owned;
};

/* values is the verb's struct, filled with the defaults; it must outlive the options. */
void options_init(struct options *o, const struct option_verb *verb, void *values);
/* Frees the lists and texts in the verb's struct too, as far as they were made here. */
void options_done(struct options *o);

/* argv begins after the verb's name, and must outlive values: texts point into it. Options and arguments mix;
 * "--" ends the options, "-" is an argument. Failure is ERR_MISUSE with one line that says which word is
 * wrong and what would be right; values may be half filled then. */
int options_parse(struct options *o, int argc, char **argv, struct err *err);

/* Sets a long option from a configuration file, with the same checks; flags take yes and no. It may come
 * before or after options_parse: what a higher source gave stays. -ENOENT (err filled) when the verb has no
 * such option; other failures -EINVAL; the kind is ERR_INPUT, and the text begins with file and line. */
int options_set_by_name(struct options *o, const char *name, const char *value, enum option_source source,
    const char *file, unsigned line, struct err *err);

/* Who set a long option last; it must be in the table. */
enum option_source options_source(const struct options *o, const char *long_name);

/* For flags and texts that exclude each other (names, NULL at the end): once one of them is on the command
 * line, those that only a file set are off again, so a file's choice can be overruled without undoing it. */
void options_prefer_typed(struct options *o, const char *const *names);

/* Whether any row has this long name. */
bool options_has(const struct option_verb *verb, const char *long_name);

/* Appends "usage: landline ask ..." in full lines. */
void options_synopsis(struct str *out, const struct option_verb *verb);
/* Appends the text of --help, 80 columns wide, translated. */
void options_help(struct str *out, const struct option_verb *verb);
/* Appends a line for each option, for completions and checks: long name, short name, metavar, type,
 * completion, choices (by commas), help; a tab between each. Where arguments can be completed a line
 * "argument" with no names comes first. */
void options_complete(struct str *out, const struct option_verb *verb);

/* Times for the limits of rows. */
#define OPTION_SECOND_NS INT64_C(1000000000)
#define OPTION_HOUR_NS (3600 * OPTION_SECOND_NS)
#define OPTION_DAY_NS (24 * OPTION_HOUR_NS)

/* The rows. OPTION_AT is the offset of a member, and an error where the member has another type. */
#define OPTION_AT(in, member, ctype) (offsetof(in, member) + _Generic(((in *)0)->member, ctype : 0))

#define OPTION_END                                                                                           \
    {                                                                                                        \
        .type = OPTION_TYPE_END                                                                              \
    }
#define OPTION_GROUP(heading)                                                                                \
    {                                                                                                        \
        .type = OPTION_TYPE_GROUP, .long_name = (heading)                                                    \
    }
#define OPTION_FLAG(s, l, in, member, h)                                                                     \
    {                                                                                                        \
        .type = OPTION_TYPE_FLAG, .short_name = (s), .long_name = (l), .help = (h),                          \
        .offset = OPTION_AT(in, member, bool)                                                                \
    }
#define OPTION_SWITCH(s, l, in, member, h)                                                                   \
    {                                                                                                        \
        .type = OPTION_TYPE_SWITCH, .short_name = (s), .long_name = (l), .help = (h),                        \
        .offset = OPTION_AT(in, member, bool)                                                                \
    }
#define OPTION_COUNT(s, l, in, member, h)                                                                    \
    {                                                                                                        \
        .type = OPTION_TYPE_COUNT, .short_name = (s), .long_name = (l), .help = (h),                         \
        .offset = OPTION_AT(in, member, int)                                                                 \
    }
#define OPTION_STRING(s, l, meta, in, member, compl, h)                                                      \
    {                                                                                                        \
        .type = OPTION_TYPE_STRING, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),     \
        .offset = OPTION_AT(in, member, const char *), .complete = (compl )                                  \
    }
#define OPTION_NUMBER(s, l, meta, in, member, low, high, h)                                                  \
    {                                                                                                        \
        .type = OPTION_TYPE_NUMBER, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),     \
        .offset = OPTION_AT(in, member, int64_t), .min = (low), .max = (high)                                \
    }
#define OPTION_DURATION(s, l, meta, in, member, low_ns, high_ns, h)                                          \
    {                                                                                                        \
        .type = OPTION_TYPE_DURATION, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),   \
        .offset = OPTION_AT(in, member, int64_t), .min = (low_ns), .max = (high_ns)                          \
    }
#define OPTION_MS(s, l, meta, in, member, low_ms, high_ms, h)                                                \
    {                                                                                                        \
        .type = OPTION_TYPE_MS, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),         \
        .offset = OPTION_AT(in, member, int64_t), .min = (low_ms), .max = (high_ms)                          \
    }
#define OPTION_SIZE(s, l, meta, in, member, low_bytes, high_bytes, h)                                        \
    {                                                                                                        \
        .type = OPTION_TYPE_SIZE, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),       \
        .offset = OPTION_AT(in, member, size_t), .min = (low_bytes), .max = (high_bytes)                     \
    }
/* The member is an int or unsigned int; an enum is the latter in gcc and clang. */
#define OPTION_CHOICE(s, l, meta, in, member, names, h)                                                      \
    {                                                                                                        \
        .type = OPTION_TYPE_CHOICE, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),     \
        .offset = offsetof(in, member) + _Generic(((in *)0)->member, int : 0, unsigned : 0),                 \
        .choices = (names), .complete = OPTION_COMPLETE_CHOICE                                               \
    }
#define OPTION_LIST(s, l, meta, in, member, compl, h)                                                        \
    {                                                                                                        \
        .type = OPTION_TYPE_LIST, .short_name = (s), .long_name = (l), .metavar = (meta), .help = (h),       \
        .offset = OPTION_AT(in, member, struct option_list), .complete = (compl )                            \
    }

#endif
