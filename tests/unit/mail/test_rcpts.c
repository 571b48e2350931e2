/* SPDX-License-Identifier: MIT */
/* test_rcpts.c - recipients by number, while they come and go. */
#include "unit.h"

#include <time.h>

#include "mail/txn.h"

#define MANY 100000
#define STEPS 20000
#define MODEL_MAX 64

static const struct smtp_params none;
static const struct hl_addr somebody;

static struct txn *
new_txn(void)
{
	static const struct facts facts;

	return txn_new(&facts, 1, 0);
}

static unsigned
next_random(void)
{
	static unsigned state = 1;

	state = state * 1103515245u + 12345u;
	return state >> 16;
}

/* What an array would say. */
struct model {
	struct hl_rcpt *all[MODEL_MAX];
	size_t count;
};

static struct hl_rcpt *
model_at(const struct model *model, size_t index, bool open_only)
{
	for (size_t i = 0; i < model->count; i++) {
		if (open_only && model->all[i]->is_decided)
			continue;
		if (index-- == 0)
			return model->all[i];
	}
	return NULL;
}

static void
model_remove(struct model *model, size_t at)
{
	model->count--;
	for (size_t i = at; i < model->count; i++)
		model->all[i] = model->all[i + 1];
}

static void
do_something(struct txn *txn, struct model *model)
{
	size_t at = model->count > 0 ? next_random() % model->count : 0;

	switch (next_random() % 8) {
	case 0:
	case 1:
		if (model->count == MODEL_MAX)
			break;
		model->all[model->count++] =
		    txn_rcpt_add(txn, &somebody, &none);
		break;
	case 2:
		if (model->count == 0)
			break;
		txn_rcpt_remove(txn, model->all[at]);
		model_remove(model, at);
		break;
	case 3:
		/* The one that was asked for last, as a plugin does. */
		if (model->count == 0)
			break;
		txn_rcpt_remove(txn, txn_rcpt_at(txn, at));
		model_remove(model, at);
		break;
	case 4:
		if (model->count == 0)
			break;
		model->all[at]->verdict = HL_OK;
		txn->some_named = true;
		break;
	case 5:
		(void)txn_rcpts_decide(txn);
		break;
	case 6:
		if (next_random() % 8 == 0)
			txn_rcpts_reopen(txn);
		break;
	default:
		break;
	}
}

static void
test_as_an_array(void **state)
{
	struct txn *txn = new_txn();
	struct model model = { .count = 0 };

	(void)state;
	for (unsigned i = 0; i < STEPS; i++) {
		size_t at = next_random() % (MODEL_MAX + 4);

		do_something(txn, &model);
		assert_int_equal(txn->rcpt_count, model.count);
		assert_ptr_equal(
		    txn_rcpt_at(txn, at), model_at(&model, at, false));
		at = next_random() % (MODEL_MAX + 4);
		assert_ptr_equal(
		    txn_rcpt_open_at(txn, at), model_at(&model, at, true));
		assert_null(model_at(&model, txn->open_count, true));
		if (txn->open_count > 0)
			assert_non_null(
			    model_at(&model, txn->open_count - 1, true));
	}
	txn_unref(&txn);
}

/* Seconds, if each step began at the first. */
static void
test_many(void **state)
{
	struct txn *txn = new_txn();
	clock_t begin;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		(void)txn_rcpt_add(txn, &somebody, &none);
	begin = clock();
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(txn_rcpt_at(txn, i));
	for (unsigned i = MANY; i-- > 0;)
		assert_non_null(txn_rcpt_at(txn, i));
	for (unsigned i = 0; txn->rcpt_count > MANY / 2; i++)
		txn_rcpt_remove(txn, txn_rcpt_at(txn, i));
	while (txn->rcpt_count > 0)
		txn_rcpt_remove(txn, txn_rcpt_at(txn, txn->rcpt_count - 1));
	assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
	txn_unref(&txn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_an_array),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
