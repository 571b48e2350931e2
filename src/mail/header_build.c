/* SPDX-License-Identifier: MIT */
/* header_build.c - a new field from name and value, checked.
 *
 * Nothing that a plugin gives as a value can end the field or the header
 * (RFC 5322 2.2): line ends are folds, or the value is refused.
 */
#include "header_private.h"

#include <errno.h>

#include "base/buf.h"
#include "base/err.h"
#include "smtp/field.h"

#define NAME_MAX_BYTES 76
/* RFC 5322 2.1.1, without the line end. */
#define LINE_MAX_BYTES 998
#define FIELD_MAX_BYTES 1048576

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_blank(struct slice line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (!is_wsp(line.p[i]))
			return false;
	}
	return true;
}

/* Takes the next line off `text`, without LF or CRLF.  False: none left. */
static bool
next_line(struct slice *text, struct slice *ret)
{
	if (!slice_cut(text, '\n', ret))
		return false;
	if (ret->n > 0 && ret->p[ret->n - 1] == '\r' && text->p != NULL)
		ret->n--;
	return true;
}

/* Where to fold `line`, which is too long: the last white space that leaves
 * text on both sides; 0: nowhere. */
static size_t
fold_place(struct slice line)
{
	size_t i = LINE_MAX_BYTES;

	while (i > 0 && !is_wsp(line.p[i]))
		i--;
	return is_blank(slice_head(line, i)) ? 0 : i;
}

/* Adds `line` and CRLF, folded if it is too long.  False: it cannot be. */
static bool
add_line(struct buf *out, struct slice line)
{
	while (line.n > LINE_MAX_BYTES && is_wsp(line.p[line.n - 1]))
		line.n--;
	while (line.n > LINE_MAX_BYTES) {
		size_t place = fold_place(line);

		if (place == 0)
			return false;
		buf_add_slice(out, slice_head(line, place));
		buf_add_text(out, "\r\n");
		line = slice_from(line, place);
	}
	buf_add_slice(out, line);
	buf_add_text(out, "\r\n");
	return true;
}

static int
check_continuation(struct slice line, struct err *err)
{
	if (line.n == 0 || !is_wsp(line.p[0]))
		return err_set(
		    err, -EINVAL, "line end without white space after it");
	if (is_blank(line))
		return err_set(err, -EINVAL, "line of white space only");
	return 0;
}

static int
add_lines(
    struct buf *out, struct slice name, struct slice value, struct err *err)
{
	struct buf first = BUF_INIT;
	struct slice line = SLICE_NONE;
	bool fits;

	buf_add_slice(&first, name);
	buf_add_text(&first, ": ");
	(void)next_line(&value, &line);
	buf_add_slice(&first, line);
	fits = add_line(out, buf_slice(&first));
	buf_done(&first);
	while (fits && next_line(&value, &line)) {
		int ret = check_continuation(line, err);

		if (ret < 0)
			return ret;
		fits = add_line(out, line);
	}
	if (!fits)
		return err_set(err, -EINVAL,
		    "line over %d octets without white space", LINE_MAX_BYTES);
	return 0;
}

/* NUL, and CR that is not part of CRLF. */
static bool
has_bad_control(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\0')
			return true;
		if (c == '\r' && (i + 1 == value.n || value.p[i + 1] != '\n'))
			return true;
	}
	return false;
}

static struct slice
without_line_end(struct slice value)
{
	if (value.n == 0 || value.p[value.n - 1] != '\n')
		return value;
	value.n--;
	if (value.n > 0 && value.p[value.n - 1] == '\r')
		value.n--;
	return value;
}

int
header__check_name(struct slice name, struct err *err)
{
	if (name.n > NAME_MAX_BYTES || !smtp_field_name_is_valid(name))
		return err_set(err, -EINVAL, "bad name of a header field");
	return 0;
}

int
header__build(
    struct buf *out, struct slice name, struct slice value, struct err *err)
{
	int ret = header__check_name(name, err);

	if (ret < 0)
		return ret;
	if (value.n > FIELD_MAX_BYTES)
		return err_set(
		    err, -E2BIG, "header field over %d bytes", FIELD_MAX_BYTES);
	value = without_line_end(value);
	while (value.n > 0 && is_wsp(value.p[0]))
		value = slice_from(value, 1);
	if (has_bad_control(value))
		ret = err_set(err, -EINVAL, "bare CR or NUL");
	else
		ret = add_lines(out, name, value, err);
	if (ret < 0)
		(void)err_prefix(err, "header field %.*s", STR(name));
	return ret;
}
