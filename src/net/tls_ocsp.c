/* SPDX-License-Identifier: MIT */
/* tls_ocsp.c - the staple: an OCSP response from a file (RFC 6960).
 *
 * Looked at is what would make clients refuse us: another certificate's
 * response, one that says "revoked", one that is over, and where the file has
 * the issuer, one that the issuer did not sign.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls_private.h"

/* RFC 6960 4.1.1: serial number, and the hash of the issuer's key where the
 * file has the issuer. */
static bool
is_about(OCSP_SINGLERESP *single, X509 *cert, X509 *issuer)
{
	const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
	/* OpenSSL's getters take it without const. */
	OCSP_CERTID *copy = OCSP_CERTID_dup(id), *want = NULL;
	ASN1_OBJECT *hash;
	ASN1_INTEGER *serial;
	bool is = false;

	if (copy == NULL)
		mem_exhausted();
	if (OCSP_id_get0_info(NULL, &hash, NULL, &serial, copy) == 1)
		is =
		    ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(cert)) == 0;
	if (is && issuer != NULL) {
		want = OCSP_cert_to_id(EVP_get_digestbyobj(hash), cert, issuer);
		is = want != NULL && OCSP_id_cmp(copy, want) == 0;
	}
	OCSP_CERTID_free(want);
	OCSP_CERTID_free(copy);
	return is;
}

/* Out of the certificate's file; NULL if it is not in it. */
static X509 *
issuer_of(const struct tls_identity *id)
{
	X509 *next =
	    sk_X509_num(id->chain) > 0 ? sk_X509_value(id->chain, 0) : NULL;

	return next != NULL && X509_check_issued(next, id->cert) == X509_V_OK
		   ? next
		   : NULL;
}

/* RFC 6960 4.2.2.2: by the issuer, or by whom it has named for that. */
static bool
is_signed(OCSP_BASICRESP *basic, const struct tls_identity *id, X509 *issuer)
{
	X509_STORE *store = X509_STORE_new();
	bool is;

	if (store == NULL || X509_STORE_add_cert(store, issuer) != 1)
		mem_exhausted();
	/* The issuer is most often no root. */
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	is = OCSP_basic_verify(basic, id->chain, store, 0) == 1;
	X509_STORE_free(store);
	return is;
}

static OCSP_SINGLERESP *
find(OCSP_BASICRESP *basic, const struct tls_identity *id)
{
	X509 *next = issuer_of(id);

	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);

		if (is_about(single, id->cert, next))
			return single;
	}
	return NULL;
}

static int
single_check(OCSP_SINGLERESP *single, time_t *ret_until, struct err *err)
{
	ASN1_GENERALIZEDTIME *next = NULL;
	struct tm tm;
	int status;

	if (single == NULL)
		return err_set(err, -EINVAL,
		    "it is about another certificate; fetch the one for this");
	status = OCSP_single_get0_status(single, NULL, NULL, NULL, &next);
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return err_set(err, -EINVAL, "it says \"%s\"",
		    OCSP_cert_status_str(status));
	*ret_until = 0;
	if (next != NULL && ASN1_TIME_to_tm(next, &tm) == 1)
		*ret_until = timegm(&tm);
	return 0;
}

int
tls_ocsp__load(struct slice der, struct tls_identity *id, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	OCSP_BASICRESP *basic = NULL;
	time_t until = 0;
	int rc;

	if (response == NULL)
		return tls__err(err, "it is not a response in DER");
	rc = OCSP_response_status(response);
	if (rc != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		rc = err_set(err, -EINVAL, "the responder said \"%s\"",
		    OCSP_response_status_str(rc));
	else if ((basic = OCSP_response_get1_basic(response)) == NULL)
		rc = tls__err(err, "it holds no basic response");
	else
		rc = single_check(find(basic, id), &until, err);
	if (rc == 0 && issuer_of(id) != NULL &&
	    !is_signed(basic, id, issuer_of(id)))
		rc = tls__err(err, "the certificate's issuer did not sign it");
	if (rc == 0) {
		id->ocsp = mem_alloc(der.n);
		memcpy(id->ocsp, der.p, der.n);
		id->ocsp_size = der.n;
		id->ocsp_until = until;
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return rc;
}
