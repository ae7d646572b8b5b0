/* SPDX-License-Identifier: ISC */
/* lab SCENARIO: one of the course, with what is to be learned from it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/wrap.h"
#include "cmd/cmd.h"
#include "cmd/cmd_lab.h"
#include "lab/lesson.h"
#include "show/term.h"

#define COLUMNS_MAX 100 /* longer lines are hard to read */

static int columns(void)
{
    int there = term_columns(STDOUT_FILENO);

    return there < COLUMNS_MAX ? there : COLUMNS_MAX;
}

static void print_paragraph(const char *text)
{
    struct str out = STR_INIT;

    wrap_append(&out, text, 0, 0, (size_t)columns());
    fputs(out.data, stdout);
    fflush(stdout);
    str_done(&out);
}

/* True: somebody has pressed Enter. Where nobody could, the answer comes at once. */
static void wait_for_enter(void)
{
    int c;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return;
    fputs(_("Enter shows the answer. "), stdout);
    fflush(stdout);
    while ((c = getchar()) != '\n' && c != EOF)
        continue;
}

/* What a person reads around it, in the order in which it is read. */
static bool is_told(const struct lab_values *v)
{
    return !v->json && !v->svg && !v->html;
}

int lab_course(struct lab_order *l)
{
    const struct lesson *lesson = l->lesson;
    int status;

    if (!is_told(&l->v))
        return lab_run(l);
    printf("%s: %s\n", lesson->name, _(lesson->title));
    print_paragraph(_(lesson->before));
    if (lesson->timer && !l->v.full)
        print_paragraph(_(lesson->timer));
    putchar('\n');
    fflush(stdout);
    status = lab_run(l);
    if (status)
        return status;
    putchar('\n');
    print_paragraph(_(lesson->why));
    putchar('\n');
    print_paragraph(_(lesson->question));
    wait_for_enter();
    print_paragraph(_(lesson->answer));
    return status;
}

int lab_list_lessons(void)
{
    size_t widest = 0;

    for (size_t i = 0; lessons[i]; i++)
        if (strlen(lessons[i]->name) > widest)
            widest = strlen(lessons[i]->name);
    printf("%s\n", _("Scenarios, each run for real: landline lab NAME"));
    for (size_t i = 0; lessons[i]; i++)
        printf("  %-*s  %s\n", (int)widest, lessons[i]->name, _(lessons[i]->title));
    printf("%s\n", _("Programs of your own: landline lab [FATES] -- SERVER... -- CLIENT..."));
    return 0;
}
