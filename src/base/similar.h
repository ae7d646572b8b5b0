/* SPDX-License-Identifier: ISC */
#ifndef BASE_SIMILAR_H
#define BASE_SIMILAR_H

#include <stddef.h>

/* For "did you mean": how many slips of the hand lead from a name to what was typed (a letter too many, one
 * missing, a wrong one, two swapped). A beginning of the name counts as one. SIMILAR_NOT where it is another
 * word altogether. The name with the fewest slips is the one to offer. */
#define SIMILAR_NOT ((size_t)-1)

size_t similar_slips(const char *typed, size_t typed_len, const char *name, size_t name_len);

#endif
