/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL and its bufferevents; see listener_tls.h. */
#include "listener_tls.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define HANDSHAKE_MS 5000
#define PARTING_MS   2000
#define PARTING_MAX  16

/* What this file knows of one connection; lives as long as its SSL. */
struct peer {
	struct peer *next, **link;
	struct listener_tls *tls;
	SSL *ssl;
	int64_t since_ms;
};

/*
 * A refused client's socket. A client that has sent its request meanwhile would make the kernel
 * answer our close with a reset, and a reset throws away the alert that says why.
 */
struct parting {
	int fd; /* 0: free place */
	int64_t since_ms;
};

struct listener_tls {
	SSL_CTX *context;
	int slot; /* of the peer within an SSL */
	struct peer *peers;
	unsigned count;
	struct parting partings[PARTING_MAX];
	unsigned parting_next;
	const struct listener_tls_ops *ops;
	void *userdata;
};

static int64_t now_ms(void)
{
	return clock_boot_ns() / NSEC_PER_MSEC;
}

static void peer_gone(void *parent, void *data, CRYPTO_EX_DATA *ad, int slot, long number,
		      void *pointer)
{
	struct peer *peer = data;

	if (!peer)
		return;

	*peer->link = peer->next;
	if (peer->next)
		peer->next->link = peer->link;
	peer->tls->count--;
	if (peer->tls->ops)
		peer->tls->ops->on_count(peer->tls->count, peer->tls->userdata);
	free(peer);
}

static struct peer *peer_of(const SSL *ssl)
{
	const struct listener_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	return SSL_get_ex_data(ssl, tls->slot);
}

/* OpenSSL 3.0 has no word for the alert that TLS 1.3 added. */
static const char *alert_text(int code)
{
	if ((code & 0xff) == SSL_AD_CERTIFICATE_REQUIRED)
		return "certificate required";
	return SSL_alert_desc_string_long(code);
}

/* The client just went away: a port scan, or a connection that nobody closed in due form. */
static bool is_end_of_input(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

static void parting_end(struct parting *parting)
{
	if (parting->fd)
		close(parting->fd);
	parting->fd = 0;
}

/* The alert is in the socket: nothing more is sent, and the client has time to read it. */
static void part_from(struct listener_tls *tls, const SSL *ssl)
{
	struct parting *parting = &tls->partings[tls->parting_next];
	int fd = fcntl(SSL_get_fd(ssl), F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return;
	shutdown(fd, SHUT_WR);
	parting_end(parting);
	*parting = (struct parting){.fd = fd, .since_ms = now_ms()};
	tls->parting_next = (tls->parting_next + 1) % PARTING_MAX;
}

/* An alert that we send says why a client is refused; one line for each. */
static void on_info(const SSL *ssl, int where, int code)
{
	struct listener_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	long verify = SSL_get_verify_result(ssl);
	char text[256];

	if (!(where & SSL_CB_ALERT) || !(where & SSL_CB_WRITE) || !tls->ops)
		return;
	if ((code & 0xff) == SSL_AD_CLOSE_NOTIFY || is_end_of_input())
		return;

	if (verify != X509_V_OK)
		snprintf(text, sizeof(text), "%s (%s)", alert_text(code),
			 X509_verify_cert_error_string(verify));
	else
		snprintf(text, sizeof(text), "%s", alert_text(code));
	part_from(tls, ssl);
	tls->ops->on_refused(text, tls->userdata);
}

static int fail(struct diag *diag, const char *file, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return diag_set(diag, file, 0, -EINVAL, "%s: %s", what, reason ? reason : "unknown");
}

static int load_files(SSL_CTX *context, const struct settings *settings, struct diag *diag)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	if (SSL_CTX_use_certificate_chain_file(context, settings->certificate) != 1)
		return fail(diag, settings->certificate, "cannot use the certificate");
	if (SSL_CTX_use_PrivateKey_file(context, settings->key, SSL_FILETYPE_PEM) != 1)
		return fail(diag, settings->key, "cannot use the private key");
	if (SSL_CTX_check_private_key(context) != 1)
		return fail(diag, settings->key, "does not belong to the certificate");
	if (X509_STORE_load_file(store, settings->ca) != 1)
		return fail(diag, settings->ca, "cannot read the agents' CA");
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(settings->ca));

	if (!settings->crl)
		return 0;
	if (X509_STORE_load_file(store, settings->crl) != 1)
		return fail(diag, settings->crl, "cannot read the revocation list");
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return 0;
}

int listener_tls_new(const struct settings *settings, struct listener_tls **ret_tls,
		     struct diag *diag)
{
	cleanup_with(listener_tls_freep) struct listener_tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (!tls)
		return -ENOMEM;

	ERR_clear_error();
	tls->context = SSL_CTX_new(TLS_server_method());
	tls->slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, peer_gone);
	if (!tls->context || tls->slot < 0)
		return -ENOMEM;

	SSL_CTX_set_app_data(tls->context, tls);
	SSL_CTX_set_min_proto_version(tls->context, TLS1_3_VERSION);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* A resumed session would keep a certificate in use that was revoked meanwhile. */
	SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(tls->context, 0);
	SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_info_callback(tls->context, on_info);

	r = load_files(tls->context, settings, diag);
	if (r < 0)
		return r;

	*ret_tls = TAKE_PTR(tls);
	return 0;
}

struct listener_tls *listener_tls_free(struct listener_tls *tls)
{
	if (!tls)
		return NULL;

	for (size_t i = 0; i < PARTING_MAX; i++)
		parting_end(&tls->partings[i]);
	SSL_CTX_free(tls->context);
	free(tls);
	return NULL;
}

void listener_tls_watch(struct listener_tls *tls, const struct listener_tls_ops *ops,
			void *userdata)
{
	tls->ops = ops;
	tls->userdata = userdata;
}

struct bufferevent *listener_tls_accept(struct listener_tls *tls, struct event_base *base)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	SSL *ssl = SSL_new(tls->context);
	struct bufferevent *connection;

	if (!peer || !ssl || SSL_set_ex_data(ssl, tls->slot, peer) != 1) {
		SSL_free(ssl);
		free(peer);
		return NULL;
	}

	peer->tls = tls;
	peer->ssl = ssl;
	peer->since_ms = now_ms();
	peer->next = tls->peers;
	peer->link = &tls->peers;
	if (peer->next)
		peer->next->link = &peer->next;
	tls->peers = peer;
	tls->count++;
	tls->ops->on_count(tls->count, tls->userdata);

	connection = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
						    BEV_OPT_CLOSE_ON_FREE);
	if (!connection)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
	return connection;
}

int listener_tls_peer(struct bufferevent *connection, char ret_name[static AGENT_NAME_SIZE])
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection);
	X509 *certificate = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
	unsigned char *text = NULL;
	X509_NAME *subject;
	int at, n, r = -EACCES;

	if (!certificate || SSL_get_verify_result(ssl) != X509_V_OK)
		return -EACCES;

	subject = X509_get_subject_name(certificate);
	at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return -EACCES;

	n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (n > 0 && n < AGENT_NAME_SIZE && strlen((char *)text) == (size_t)n &&
	    agent_name_is_valid((char *)text)) {
		memcpy(ret_name, text, n + 1);
		r = 0;
	}
	OPENSSL_free(text);
	return r;
}

void listener_tls_touch(struct bufferevent *connection)
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection);

	if (ssl)
		peer_of(ssl)->since_ms = now_ms();
}

void listener_tls_sweep(struct listener_tls *tls, int64_t idle_ms)
{
	int64_t handshake_ms = idle_ms < HANDSHAKE_MS ? idle_ms : HANDSHAKE_MS;
	int64_t now = now_ms();

	/* The loop sees the end of input and frees the connection; never here, within the list. */
	for (struct peer *peer = tls->peers; peer; peer = peer->next) {
		int64_t limit_ms = SSL_is_init_finished(peer->ssl) ? idle_ms : handshake_ms;

		if (now - peer->since_ms > limit_ms)
			shutdown(SSL_get_fd(peer->ssl), SHUT_RDWR);
	}
	for (size_t i = 0; i < PARTING_MAX; i++)
		if (now - tls->partings[i].since_ms > PARTING_MS)
			parting_end(&tls->partings[i]);
}
