/* SPDX-License-Identifier: ISC */
/* What terminals send for keys. ECMA-48 gives the frame (ESC [ parameters intermediates final), xterm's
 * ctlseqs the meaning of most, and vt, Linux, rxvt, screen and tmux each a few of their own. Nothing here is
 * ever mistaken for text: a sequence that nobody knows is read to its end.
 *
 * The terminal must be raw: with ICRNL on, Enter comes as \n and is taken for Ctrl-J, a line break in the
 * text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/lineedit.h"

#define ESC 0x1b
#define DEL 0x7f
#define PASTE_END "\033[201~"
#define PARAMETERS 4
#define NUMBER_MAX 99999

enum state {
    GROUND,
    CHARACTER, /* UTF-8, cut off by the end of what was read */
    ESCAPE,    /* ESC */
    ESCAPE_TWICE,
    CSI,       /* ESC [ */
    CSI_LINUX, /* ESC [ [: one letter follows */
    CSI_MOUSE, /* ESC [ M: three bytes follow, as terminals without SGR mouse reports do it */
    SS3,       /* ESC O */
    STRING,    /* OSC, DCS, APC, PM, SOS */
    STRING_ESCAPE,
    PASTE,
};

struct lineedit_keys {
    enum state state;
    bool alt;                            /* ESC came before the sequence */
    char bytes[LINEEDIT_SEQUENCE_BYTES]; /* of the sequence, or of the character */
    size_t len;                          /* may be one more than fit: then the sequence means nothing */
    struct str paste;
    size_t paste_end; /* how much of PASTE_END has come */
    bool paste_is_cut;
};

enum modifiers { SHIFT = 1, ALT = 2, CTRL = 4 };

struct lineedit_keys *lineedit_keys_new(void)
{
    struct lineedit_keys *k = xcalloc(1, sizeof(*k));

    str_init(&k->paste);
    return k;
}

void lineedit_keys_free(struct lineedit_keys *k)
{
    if (!k)
        return;
    str_done(&k->paste);
    free(k);
}

/* ---- meanings --------------------------------------------------------------------------------------- */

static void set_action(struct lineedit_key *key, enum lineedit_action action)
{
    key->kind = LINEEDIT_KEY_ACTION;
    key->action = action;
}

static void set_number(struct lineedit_key *key, enum lineedit_key_kind kind, int number)
{
    key->kind = kind;
    key->number = number;
}

static void control_key(struct lineedit_key *key, int c)
{
    static const signed char actions[0x20] = {
        [1] = LINEEDIT_BEGINNING_OF_LINE + 1,
        [2] = LINEEDIT_BACKWARD_CHAR + 1,
        [5] = LINEEDIT_END_OF_LINE + 1,
        [6] = LINEEDIT_FORWARD_CHAR + 1,
        [8] = LINEEDIT_BACKWARD_DELETE_CHAR + 1,
        [10] = LINEEDIT_NEWLINE + 1,
        [11] = LINEEDIT_KILL_LINE + 1,
        [14] = LINEEDIT_NEXT_HISTORY + 1,
        [16] = LINEEDIT_PREVIOUS_HISTORY + 1,
        [20] = LINEEDIT_TRANSPOSE_CHARS + 1,
        [21] = LINEEDIT_UNIX_LINE_DISCARD + 1,
        [23] = LINEEDIT_UNIX_WORD_RUBOUT + 1,
        [25] = LINEEDIT_YANK + 1,
        [31] = LINEEDIT_UNDO + 1,
    };
    static const unsigned char kinds[0x20] = {
        [3] = LINEEDIT_KEY_INTERRUPT,
        [4] = LINEEDIT_KEY_END,
        [7] = LINEEDIT_KEY_ESCAPE, /* Ctrl-G gives up whatever was begun, in readline and Emacs */
        [9] = LINEEDIT_KEY_TAB,
        [12] = LINEEDIT_KEY_REDRAW,
        [13] = LINEEDIT_KEY_ENTER,
        [18] = LINEEDIT_KEY_SEARCH,
        [26] = LINEEDIT_KEY_SUSPEND,
        [ESC] = LINEEDIT_KEY_ESCAPE,
    };

    if (c == DEL)
        set_action(key, LINEEDIT_BACKWARD_DELETE_CHAR);
    else if (actions[c])
        set_action(key, (enum lineedit_action)(actions[c] - 1));
    else if (kinds[c])
        key->kind = kinds[c];
}

static void alt_key(struct lineedit_key *key, int c)
{
    switch (c) {
    case 'b':
    case 'B':
        set_action(key, LINEEDIT_BACKWARD_WORD);
        break;
    case 'f':
    case 'F':
        set_action(key, LINEEDIT_FORWARD_WORD);
        break;
    case 'd':
    case 'D':
        set_action(key, LINEEDIT_KILL_WORD);
        break;
    case 'y':
    case 'Y':
        set_action(key, LINEEDIT_YANK_POP);
        break;
    case 'u':
    case 'U':
        set_action(key, LINEEDIT_UPCASE_WORD);
        break;
    case 'l':
    case 'L':
        set_action(key, LINEEDIT_DOWNCASE_WORD);
        break;
    case 'c':
    case 'C':
        set_action(key, LINEEDIT_CAPITALIZE_WORD);
        break;
    case '<':
        set_action(key, LINEEDIT_BEGINNING_OF_TEXT);
        break;
    case '>':
        set_action(key, LINEEDIT_END_OF_TEXT);
        break;
    case '\b':
    case DEL:
        set_action(key, LINEEDIT_BACKWARD_KILL_WORD);
        break;
    case '\r':
    case '\n':
        set_action(key, LINEEDIT_NEWLINE);
        break;
    case 'n':
    case 'N':
        key->kind = LINEEDIT_KEY_NEXT;
        break;
    case 'p':
    case 'P':
        key->kind = LINEEDIT_KEY_PREVIOUS;
        break;
    case 'a':
    case 'A':
        key->kind = LINEEDIT_KEY_NEXT_UNREAD;
        break;
    default:
        if (c >= '1' && c <= '9')
            set_number(key, LINEEDIT_KEY_NUMBER, c - '0');
    }
}

/* A vertical or horizontal arrow, Home or End: the letters are those of CSI and SS3. */
static bool cursor_key(struct lineedit_key *key, int letter, unsigned modifiers)
{
    bool by_word = modifiers & (CTRL | ALT);

    switch (letter) {
    case 'A':
        if (modifiers & ALT)
            key->kind = LINEEDIT_KEY_PREVIOUS;
        else
            set_action(key, modifiers & CTRL ? LINEEDIT_PREVIOUS_HISTORY : LINEEDIT_PREVIOUS_LINE);
        return true;
    case 'B':
        if (modifiers & ALT)
            key->kind = LINEEDIT_KEY_NEXT;
        else
            set_action(key, modifiers & CTRL ? LINEEDIT_NEXT_HISTORY : LINEEDIT_NEXT_LINE);
        return true;
    case 'C':
        set_action(key, by_word ? LINEEDIT_FORWARD_WORD : LINEEDIT_FORWARD_CHAR);
        return true;
    case 'D':
        set_action(key, by_word ? LINEEDIT_BACKWARD_WORD : LINEEDIT_BACKWARD_CHAR);
        return true;
    case 'H':
        set_action(key, by_word ? LINEEDIT_BEGINNING_OF_TEXT : LINEEDIT_BEGINNING_OF_LINE);
        return true;
    case 'F':
        set_action(key, by_word ? LINEEDIT_END_OF_TEXT : LINEEDIT_END_OF_LINE);
        return true;
    case 'P':
    case 'Q':
    case 'R':
    case 'S':
        set_number(key, LINEEDIT_KEY_FUNCTION, letter - 'P' + 1);
        return true;
    default:
        return false;
    }
}

/* ESC [ number ~ */
static void numbered_key(struct lineedit_key *key, int number, unsigned modifiers)
{
    static const unsigned char functions[] = {
        [11] = 1,
        [12] = 2,
        [13] = 3,
        [14] = 4,
        [15] = 5,
        [17] = 6,
        [18] = 7,
        [19] = 8,
        [20] = 9,
        [21] = 10,
        [23] = 11,
        [24] = 12,
    };

    switch (number) {
    case 1:
    case 7:
        cursor_key(key, 'H', modifiers);
        break;
    case 4:
    case 8:
        cursor_key(key, 'F', modifiers);
        break;
    case 3:
        set_action(key, modifiers & (CTRL | ALT) ? LINEEDIT_KILL_WORD : LINEEDIT_DELETE_CHAR);
        break;
    case 5:
        key->kind = LINEEDIT_KEY_PAGE_UP;
        break;
    case 6:
        key->kind = LINEEDIT_KEY_PAGE_DOWN;
        break;
    default:
        if (number > 0 && number < (int)sizeof(functions) && functions[number])
            set_number(key, LINEEDIT_KEY_FUNCTION, functions[number]);
    }
}

/* A key with modifiers that has no sequence of its own, as xterm's modifyOtherKeys and CSI u report it. */
static void other_key(struct lineedit_key *key, int code, unsigned modifiers)
{
    if (code == '\r')
        set_action(key, LINEEDIT_NEWLINE); /* else it would have come as it is */
    else if (code == '\t' && modifiers & SHIFT)
        key->kind = LINEEDIT_KEY_BACK_TAB;
    else if (modifiers & ALT || (code == DEL && modifiers & CTRL))
        alt_key(key, code);
    else if (modifiers & CTRL && code >= '@' && code < DEL)
        control_key(key, code & 0x1f);
    else if (code < 0x20 || code == DEL)
        control_key(key, code);
}

/* ---- sequences -------------------------------------------------------------------------------------- */

/* The numbers of a sequence, 0 where there is none. Returns how many there are. */
static size_t read_numbers(const char *text, size_t len, int *numbers)
{
    size_t count = 0;

    memset(numbers, 0, PARAMETERS * sizeof(*numbers));
    for (size_t i = 0; i < len; i++) {
        if (count == 0)
            count = 1;
        if (text[i] == ';' && ++count > PARAMETERS)
            return PARAMETERS;
        if (text[i] >= '0' && text[i] <= '9' && numbers[count - 1] <= NUMBER_MAX)
            numbers[count - 1] = numbers[count - 1] * 10 + text[i] - '0';
    }
    return count;
}

static void mouse_key(struct lineedit_key *key, const int *numbers, bool pressed)
{
    key->kind = LINEEDIT_KEY_MOUSE;
    key->button = numbers[0];
    key->column = numbers[1] > 0 ? numbers[1] - 1 : 0;
    key->row = numbers[2] > 0 ? numbers[2] - 1 : 0;
    key->pressed = pressed;
}

/* xterm sends 1 and the sum of the modifiers' bits. */
static unsigned modifiers_of(const struct lineedit_keys *k, int number)
{
    return (number > 1 ? (unsigned)(number - 1) & (SHIFT | ALT | CTRL) : 0) | (k->alt ? ALT : 0);
}

static void rxvt_arrow(const struct lineedit_keys *k, struct lineedit_key *key, int letter, unsigned modifier)
{
    if (letter >= 'a' && letter <= 'd')
        cursor_key(key, letter - 'a' + 'A', modifier | modifiers_of(k, 0));
}

/* ESC [ is read to its final byte; the parameters are in bytes. */
static void csi_key(struct lineedit_keys *k, struct lineedit_key *key, int final)
{
    int numbers[PARAMETERS];
    size_t count;
    unsigned modifiers;

    if (k->len > sizeof(k->bytes))
        return;
    count = read_numbers(k->bytes, k->len, numbers);
    modifiers = modifiers_of(k, numbers[1]);
    if (k->len && k->bytes[0] == '<') {
        if ((final == 'M' || final == 'm') && count == 3)
            mouse_key(key, numbers, final == 'M');
        return;
    }
    for (size_t i = 0; i < k->len; i++)
        if ((k->bytes[i] < '0' || k->bytes[i] > '9') && k->bytes[i] != ';')
            return; /* a report of some kind, not a key */
    switch (final) {
    case 'Z':
        key->kind = LINEEDIT_KEY_BACK_TAB;
        break;
    case 'I':
    case 'O':
        if (count == 0)
            set_number(key, LINEEDIT_KEY_FOCUS, final == 'I');
        break;
    case 'u':
        other_key(key, numbers[0], modifiers);
        break;
    case '~':
        if (numbers[0] == 27 && count == 3)
            other_key(key, numbers[2], modifiers);
        else
            numbered_key(key, numbers[0], modifiers);
        break;
    case '^': /* rxvt's Ctrl, Shift, and both */
        numbered_key(key, numbers[0], CTRL);
        break;
    case '$':
        numbered_key(key, numbers[0], SHIFT);
        break;
    case '@':
        numbered_key(key, numbers[0], CTRL | SHIFT);
        break;
    default:
        if (!cursor_key(key, final, modifiers))
            rxvt_arrow(k, key, final, SHIFT);
    }
}

static void ss3_key(struct lineedit_keys *k, struct lineedit_key *key, int c)
{
    static const char keypad[] = "*+,-./0123456789"; /* from 'j' on, as a VT100's keypad has them */

    if (c == 'M') {
        key->kind = LINEEDIT_KEY_ENTER;
    } else if (c >= 'j' && c <= 'y') {
        key->kind = LINEEDIT_KEY_TEXT;
        key->text = keypad + (c - 'j');
        key->len = 1;
    } else if (!cursor_key(key, c, modifiers_of(k, 0))) {
        rxvt_arrow(k, key, c, CTRL);
    }
}

static void begin_sequence(struct lineedit_keys *k, enum state state)
{
    k->state = state;
    k->len = 0;
}

static void keep(struct lineedit_keys *k, uint8_t c)
{
    if (k->len < sizeof(k->bytes))
        k->bytes[k->len] = (char)c;
    if (k->len <= sizeof(k->bytes))
        k->len++;
}

/* ---- one byte after another ------------------------------------------------------------------------- */

static void begin_paste(struct lineedit_keys *k)
{
    str_reset(&k->paste);
    k->paste_end = 0;
    k->paste_is_cut = false;
    k->state = PASTE;
}

static void keep_pasted(struct lineedit_keys *k, const void *data, size_t len)
{
    size_t room = LINEEDIT_PASTE_BYTES - k->paste.len;

    if (len > room) {
        len = room;
        k->paste_is_cut = true;
    }
    str_append(&k->paste, data, len);
}

/* True: the paste is whole. */
static bool read_paste(struct lineedit_keys *k, const uint8_t **data, size_t *len)
{
    static const size_t end_len = sizeof(PASTE_END) - 1;

    while (*len) {
        if (**data == (uint8_t)PASTE_END[k->paste_end]) {
            (*data)++;
            (*len)--;
            if (++k->paste_end == end_len)
                return true;
        } else if (k->paste_end) {
            /* ESC stands at the pattern's begin alone: what fits it so far can't hold another begin. */
            keep_pasted(k, PASTE_END, k->paste_end);
            k->paste_end = 0;
        } else {
            const uint8_t *escape = memchr(*data, ESC, *len);
            size_t plain = escape ? (size_t)(escape - *data) : *len;

            keep_pasted(k, *data, plain);
            *data += plain;
            *len -= plain;
        }
    }
    return false;
}

static void paste_key(struct lineedit_keys *k, struct lineedit_key *key)
{
    /* A character that was cut in two goes whole. */
    for (size_t back = 1; k->paste_is_cut && back <= 3; back++)
        if (utf8_decode(k->paste.data + k->paste.len - back, back, NULL) == -EAGAIN)
            k->paste.len -= back;
    set_number(key, LINEEDIT_KEY_PASTE, k->paste_is_cut);
    key->text = k->paste.data;
    key->len = k->paste.len;
    k->state = GROUND;
}

/* The run of characters at data; 0: none, or a part of one. */
static size_t text_run(const uint8_t *data, size_t len)
{
    size_t at = 0;

    while (at < len && data[at] >= 0x20 && data[at] != DEL) {
        int size = utf8_decode(data + at, len - at, NULL);

        if (size < 0)
            break;
        at += (size_t)size;
    }
    return at;
}

/* What begins here: takes a byte or a run. */
static void ground(struct lineedit_keys *k, const uint8_t **data, size_t *len, struct lineedit_key *key)
{
    size_t run = text_run(*data, *len);

    k->alt = false;
    if (run) {
        key->kind = LINEEDIT_KEY_TEXT;
        key->text = (const char *)*data;
        key->len = run;
    } else if (**data == ESC) {
        k->state = ESCAPE;
    } else if (**data < 0x80) {
        key->kind = LINEEDIT_KEY_UNKNOWN;
        control_key(key, **data);
    } else if (utf8_decode(*data, *len, NULL) == -EAGAIN) {
        begin_sequence(k, CHARACTER);
        keep(k, **data);
    }
    run = run ? run : 1; /* of what is not UTF-8 the first byte goes */
    *data += run;
    *len -= run;
}

/* The functions below take one byte of something that has begun. False: it does not belong to that, k is in
 * another state, and the byte is to be looked at again. */

static bool take_in_character(struct lineedit_keys *k, uint8_t c, struct lineedit_key *key)
{
    int size;

    keep(k, c);
    size = utf8_decode(k->bytes, k->len, NULL);
    if (size == -EAGAIN)
        return true;
    k->state = GROUND;
    if (size < 0)
        return false;
    key->kind = LINEEDIT_KEY_TEXT;
    key->text = k->bytes;
    key->len = k->len;
    return true;
}

static bool take_after_escape(struct lineedit_keys *k, uint8_t c, struct lineedit_key *key)
{
    bool twice = k->state == ESCAPE_TWICE;

    if (c == ESC) { /* three of them: the first is a key */
        k->state = ESCAPE_TWICE;
        key->kind = twice ? LINEEDIT_KEY_ESCAPE : LINEEDIT_KEY_MORE;
        return true;
    }
    if (c == '[' || c == 'O') {
        k->alt = twice; /* rxvt's and PuTTY's Alt */
        begin_sequence(k, c == '[' ? CSI : SS3);
        return true;
    }
    if (twice) {
        k->state = ESCAPE;
        key->kind = LINEEDIT_KEY_ESCAPE;
        return false;
    }
    if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
        begin_sequence(k, STRING);
        return true;
    }
    k->state = GROUND;
    if (c >= 0x80) { /* Escape, and then somebody's input method was quick */
        key->kind = LINEEDIT_KEY_ESCAPE;
        return false;
    }
    key->kind = LINEEDIT_KEY_UNKNOWN;
    alt_key(key, c);
    return true;
}

/* rxvt ends ESC [ 3 $ with what is an intermediate byte elsewhere, in reports: ESC [ ? 1 ; 2 $ y */
static bool is_csi_final(const struct lineedit_keys *k, uint8_t c)
{
    return c >= 0x40 || (c == '$' && k->len && k->bytes[0] >= '0' && k->bytes[0] <= '9');
}

static bool take_in_sequence(struct lineedit_keys *k, uint8_t c, struct lineedit_key *key)
{
    enum state state = k->state;

    if (c < 0x20 || c >= DEL) { /* cut off by something else */
        k->state = GROUND;
        key->kind = LINEEDIT_KEY_UNKNOWN;
        return false;
    }
    if (state == CSI && k->len == 0 && (c == '[' || c == 'M')) {
        begin_sequence(k, c == '[' ? CSI_LINUX : CSI_MOUSE);
        return true;
    }
    if (state == CSI && !is_csi_final(k, c)) {
        keep(k, c);
        return true;
    }
    if (state == CSI && c == '~' && k->len == 3 && memcmp(k->bytes, "200", 3) == 0) {
        begin_paste(k);
        return true;
    }
    k->state = GROUND;
    key->kind = LINEEDIT_KEY_UNKNOWN;
    if (state == CSI)
        csi_key(k, key, c);
    else if (state == SS3)
        ss3_key(k, key, c);
    else if (c >= 'A' && c <= 'E')
        set_number(key, LINEEDIT_KEY_FUNCTION, c - 'A' + 1);
    return true;
}

static bool take_in_mouse(struct lineedit_keys *k, uint8_t c, struct lineedit_key *key)
{
    int numbers[3];

    keep(k, c);
    if (k->len < 3)
        return true;
    for (size_t i = 0; i < 3; i++)
        numbers[i] = (uint8_t)k->bytes[i] > 32 ? (uint8_t)k->bytes[i] - 32 : 0;
    k->state = GROUND;
    mouse_key(key, numbers, (numbers[0] & 3) != 3);
    return true;
}

/* To its terminator, BEL or ESC \; what is in it has no meaning here. */
static bool take_in_string(struct lineedit_keys *k, uint8_t c, struct lineedit_key *key)
{
    bool ends = k->state == STRING_ESCAPE ? c == '\\' : c == '\a';

    if (k->state == STRING && c == ESC) {
        k->state = STRING_ESCAPE;
        return true;
    }
    if (k->state == STRING && c >= 0x20) {
        keep(k, c);
        return true;
    }
    /* Cut off by another sequence, or by Ctrl-C or Enter, which get one out of a string that never ends. */
    k->state = k->state == STRING_ESCAPE && !ends ? ESCAPE : GROUND;
    key->kind = LINEEDIT_KEY_UNKNOWN;
    return ends;
}

static bool take_byte(struct lineedit_keys *k, uint8_t c, struct lineedit_key *key)
{
    switch (k->state) {
    case CHARACTER:
        return take_in_character(k, c, key);
    case ESCAPE:
    case ESCAPE_TWICE:
        return take_after_escape(k, c, key);
    case CSI:
    case CSI_LINUX:
    case SS3:
        return take_in_sequence(k, c, key);
    case CSI_MOUSE:
        return take_in_mouse(k, c, key);
    case STRING:
    case STRING_ESCAPE:
        return take_in_string(k, c, key);
    case GROUND:
    case PASTE:
        break;
    }
    return false;
}

void lineedit_keys_next(struct lineedit_keys *k, const uint8_t **data, size_t *len, struct lineedit_key *ret)
{
    *ret = (struct lineedit_key){.kind = LINEEDIT_KEY_MORE};
    while (*len && ret->kind == LINEEDIT_KEY_MORE) {
        if (k->state == GROUND) {
            ground(k, data, len, ret);
        } else if (k->state == PASTE) {
            if (read_paste(k, data, len))
                paste_key(k, ret);
        } else if (take_byte(k, **data, ret)) {
            (*data)++;
            (*len)--;
        }
    }
}

bool lineedit_keys_pending(const struct lineedit_keys *k)
{
    return k->state == ESCAPE || k->state == ESCAPE_TWICE ||
           ((k->state == CSI || k->state == SS3 || k->state == STRING) && k->len == 0);
}

void lineedit_keys_flush(struct lineedit_keys *k, struct lineedit_key *ret)
{
    *ret = (struct lineedit_key){.kind = LINEEDIT_KEY_MORE};
    if (!lineedit_keys_pending(k))
        return;
    /* Alt and a key that begins sequences, by somebody's hand: without this, Alt-] would eat what follows. */
    ret->kind = k->state == ESCAPE || k->state == ESCAPE_TWICE ? LINEEDIT_KEY_ESCAPE : LINEEDIT_KEY_UNKNOWN;
    k->state = GROUND;
}
