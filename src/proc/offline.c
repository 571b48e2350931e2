/* SPDX-License-Identifier: MIT */
/* offline.c - runs one function with an engine, on a fiber. */
#include "offline.h"

#include <errno.h>
#include <stdio.h>
#include <uv.h>

#include "conf/conf_dir.h"
#include "hook/log_batch.h"
#include "host/host.h"
#include "offline_host.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "server/plugin_dir.h"
#include "shm/shm.h"

/* Until the host has loaded all plugins. */
#define HOST_WAIT_MS 60000

static void
main_fiber(void *arg)
{
	struct offline *self = arg;

	self->result = self->fn(self, self->arg);
	engine_stop(self->engine);
	self->done = true;
}

/* Perl plugins are loaded by a host of our own. */
static int
start_host(struct offline *self, struct err *err)
{
	struct host_options options = { .wait_ms = HOST_WAIT_MS };
	int ret = offline_host_start(self->config_dir, &self->process, err);

	options.path = offline_host_socket(self->process);
	if (ret == 0 && options.path != NULL)
		self->host = host_new(&options);
	return ret;
}

static int
make(struct offline *self, struct err *err)
{
	struct rt_options rt_options = { .max_fibers = 0 };
	struct engine_options options;
	struct conf_options conf_options = { 0 };
	struct buf control = BUF_INIT;
	int ret;

	conf_options.qmail_control = conf_qmail_control(&control);
	ret = conf_dir_open(self->config_dir, &conf_options, &self->conf, err);
	buf_done(&control);
	if (ret < 0)
		return ret;
	ret = start_host(self, err);
	if (ret < 0) {
		conf_dir_free(&self->conf);
		return ret;
	}
	self->rt = rt_new(&rt_options);
	self->shm = shm_private();
	options = (struct engine_options){
		.rt = self->rt,
		.conf = self->conf,
		.plugin_dir = plugin_dir(),
		.shm = self->shm,
		.remote = self->host != NULL ? &host_ops : NULL,
		.remote_arg = self->host,
	};
	self->engine = engine_new(&options);
	return 0;
}

int
offline_run(struct offline *self, struct err *err)
{
	int ret;

	conf_faults_init(&self->faults);
	self->done = false;
	ret = make(self, err);
	if (ret < 0)
		return ret;
	ret = fiber_start(self->rt, main_fiber, self);
	if (ret < 0)
		return err_set(err, ret, "no fiber is free");
	while (!self->done)
		(void)uv_run(rt_loop(self->rt), UV_RUN_ONCE);
	return self->result;
}

void
offline_done(struct offline *self)
{
	conf_faults_done(&self->faults);
	if (self->rt == NULL)
		return;
	engine_free(&self->engine);
	host_free(&self->host);
	offline_host_stop(&self->process);
	rt_free(&self->rt);
	conf_dir_free(&self->conf);
	shm_free(&self->shm);
}

size_t
offline_print_faults(const struct conf_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct buf text = BUF_INIT;

		conf_fault_print(&text, &faults->at[i]);
		(void)fprintf(stderr, "%s\n", text.p);
		buf_done(&text);
	}
	if (faults->dropped > 0)
		(void)fprintf(stderr, "and %zu more\n", faults->dropped);
	return faults->count;
}
