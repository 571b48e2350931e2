/* SPDX-License-Identifier: MIT */
/* fuzz_endpoint.c - any text as a place to listen on or to connect to. */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>

#include "net/endpoint.h"

static void
check_endpoint(struct slice in, const struct endpoint *endpoint)
{
	struct sockaddr_storage addr;

	CHECK(strlen(endpoint->name) <= ENDPOINT_HOST_MAX);
	switch (endpoint->kind) {
	case ENDPOINT_INET:
		CHECK(endpoint->addr.family == INET_V4 ||
		      endpoint->addr.family == INET_V6);
		CHECK(endpoint->name[0] == '\0');
		break;
	case ENDPOINT_UNIX:
		CHECK(endpoint->name[0] == '/');
		CHECK(slice_ends(in, endpoint->name));
		break;
	case ENDPOINT_HOST:
		CHECK(endpoint->name[0] != '\0');
		return;
	}
	CHECK(endpoint_to_sockaddr(endpoint, &addr) <= sizeof(addr));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	struct endpoint endpoint;
	struct err err = { 0 };

	if (endpoint_parse_listen(in, &endpoint, &err) == 0) {
		CHECK(!endpoint.is_tls && endpoint.kind != ENDPOINT_HOST);
		check_endpoint(in, &endpoint);
	} else {
		CHECK(err.text[0] != '\0');
	}
	err = (struct err){ 0 };
	if (endpoint_parse_dial(in, &endpoint, &err) == 0) {
		CHECK(endpoint.kind == ENDPOINT_UNIX || endpoint.addr.port > 0);
		check_endpoint(in, &endpoint);
	} else {
		CHECK(err.text[0] != '\0');
	}
	return 0;
}
