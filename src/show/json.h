/* SPDX-License-Identifier: ISC */
#ifndef SHOW_JSON_H
#define SHOW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

/* One JSON object, written as one line for --json. Keys come out in the order they were added, and stay valid
 * for programs: they are ASCII literals of ours, in lower case with underscores and the unit at the end
 * ("round_trip_us"), and are never renamed.
 *
 *     struct json *j = json_begin("answered");
 *     json_add_bytes(j, "reply", data, len);
 *     json_open(j, "tcp");
 *     json_add_int(j, "retransmits", 0);
 *     json_close(j);
 *     json_end(j, &line);
 */
struct json;

/* event becomes the first key, "event": what sort of line this is. NULL leaves it out. */
struct json *json_begin(const char *event);
/* Appends the object and a line feed to out, and frees it. What is open is closed. The line is plain UTF-8,
 * and safe on a terminal: whatever utf8_escape would escape is a \uXXXX, which JSON readers turn back. */
void json_end(struct json *j, struct str *out);

/* Inside a list keys are not used, and may be NULL. */
/* Text of ours, or at least UTF-8; where it is not, as json_add_bytes. NULL becomes null. */
void json_add_text(struct json *j, const char *key, const char *text);
/* What a peer sent. UTF-8 goes in as it is. Of anything else KEY holds it as people would be shown it, with
 * \xHH for each bad byte, and KEY_base64 (absent otherwise) holds the bytes themselves; in a list only the
 * former. */
void json_add_bytes(struct json *j, const char *key, const void *data, size_t len);
void json_add_int(struct json *j, const char *key, int64_t number);
/* null where it is not finite. */
void json_add_real(struct json *j, const char *key, double number);
void json_add_bool(struct json *j, const char *key, bool value);

/* An object or a list inside the one that is open; at most JSON_DEPTH_MAX deep. */
#define JSON_DEPTH_MAX 8
void json_open(struct json *j, const char *key);
void json_open_list(struct json *j, const char *key);
void json_close(struct json *j);

/* The other way round: one line, one object, whose values are texts, whole numbers, true and false. Other
 * values may be there, and are passed over. */
struct json_object;

#define JSON_READ_BYTES ((size_t)8 * 1024 * 1024) /* a mebibyte of text, were each of its bytes a \uXXXX */
#define JSON_READ_VALUES 1000
#define JSON_READ_DEPTH JSON_DEPTH_MAX

/* The end of the line may be there or not. A key that comes twice is an error: which one was meant? 0, or
 * negative with err, which says where it is wrong and never repeats what came. */
int json_read(const char *line, size_t len, struct json_object **ret, struct err *err);
void json_read_free(struct json_object *o); /* accepts NULL */

/* All of these: 0; -ENOENT where the key is not there or null, ret and err are untouched then; or -EINVAL
 * with err, it is of another kind. */
/* UTF-8, NULs among it possible; a NUL behind it. Valid until json_read_free. */
int json_read_text(
    const struct json_object *o, const char *key, const char **ret, size_t *ret_len, struct err *err);
/* What json_add_bytes wrote, appended to out: KEY_base64 if it is there, else KEY. */
int json_read_bytes(const struct json_object *o, const char *key, struct str *out, struct err *err);
int json_read_int(const struct json_object *o, const char *key, int64_t *ret, struct err *err);
int json_read_bool(const struct json_object *o, const char *key, bool *ret, struct err *err);

/* The first key that is none of these (NULL behind the last), so that a slip of the pen can be told; NULL:
 * all are known. As it came: escape it before it is shown. Valid until json_read_free. */
const char *json_read_unknown(const struct json_object *o, const char *const *known);

#endif
