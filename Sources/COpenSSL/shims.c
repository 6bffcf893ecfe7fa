#include "COpenSSL.h"
#include <sys/time.h>

int COpenSSL_HMAC(const EVP_MD *algorithm, const void *key, size_t key_count, const unsigned char *data,
                  size_t data_count, unsigned char *output, unsigned int *output_count) {
    static const unsigned char nothing[1];
    return HMAC(algorithm, key ? key : nothing, (int)key_count, data ? data : nothing, data_count, output,
                output_count) != NULL;
}

EVP_PKEY *COpenSSL_makeP256Key(void) {
    return EVP_EC_gen("P-256");
}

bool COpenSSL_addExtension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension) return false;
    bool added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

bool COpenSSL_addAlternativeName(GENERAL_NAMES *names, bool is_address, const char *value) {
    GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, is_address ? GEN_IPADD : GEN_DNS, value, 0);
    if (!name) return false;
    if (sk_GENERAL_NAME_push(names, name) > 0) return true;
    GENERAL_NAME_free(name);
    return false;
}

BIO *COpenSSL_makeMemoryBIO(void) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio) BIO_set_mem_eof_return(bio, -1);
    return bio;
}

SSL_CTX *COpenSSL_makeTLSContext(bool server) {
    SSL_CTX *context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (context) {
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    }
    return context;
}

bool COpenSSL_setServerName(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name) == 1;
}

static int acceptAnyCertificate(int verified, X509_STORE_CTX *store) {
    (void)verified;
    (void)store;
    return 1;
}

SSL_CTX *COpenSSL_makeDTLSContext(X509 *certificate, EVP_PKEY *key, const char *profiles) {
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    if (!context) return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, acceptAnyCertificate);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
        SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1 &&
        SSL_CTX_set_tlsext_use_srtp(context, profiles) == 0)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/// RFC 6347 §4.2.4.1 suggests one second at first; a call should not wait that long for one lost datagram.
static unsigned int nextTimeout(SSL *session, unsigned int previous) {
    const unsigned int first = 100000, longest = 2000000;
    (void)session;
    if (previous == 0) return first;
    return previous > longest / 2 ? longest : previous * 2;
}

SSL *COpenSSL_makeDTLSSession(SSL_CTX *context, long mtu) {
    SSL *session = SSL_new(context);
    if (!session) return NULL;
    SSL_set_mtu(session, mtu);
    DTLS_set_timer_cb(session, nextTimeout);
    return session;
}

long COpenSSL_DTLSTimeout(SSL *session) {
    struct timeval left;
    return DTLSv1_get_timeout(session, &left) == 1 ? left.tv_sec * 1000000 + left.tv_usec : -1;
}

long COpenSSL_DTLSHandleTimeout(SSL *session) {
    return DTLSv1_handle_timeout(session);
}
