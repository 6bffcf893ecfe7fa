#include "COpenSSL.h"
#include <limits.h>
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

static void freeFlight(void *parent, void *flight, CRYPTO_EX_DATA *data, int index, long argument, void *pointer) {
    (void)parent, (void)data, (void)index, (void)argument, (void)pointer;
    OPENSSL_free(flight);
}

static int flightIndexValue = -1;
static CRYPTO_ONCE flightIndexOnce = CRYPTO_ONCE_STATIC_INIT;

static void makeFlightIndex(void) {
    flightIndexValue = SSL_get_ex_new_index(0, NULL, NULL, NULL, freeFlight);
}

static int flightIndex(void) {
    CRYPTO_THREAD_run_once(&flightIndexOnce, makeFlightIndex);
    return flightIndexValue;
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

/// Called when a flight begins, with 0, and each time it is about to be sent again. OpenSSL asks its own clock whether a
/// flight is to be sent again; told that the time is up at once, it writes all the copies one after the other, and told
/// that it is never up, no more. Where each begins is kept, so that the caller can send them when its own clock says so.
static unsigned int nextTimeout(SSL *session, unsigned int previous) {
    const unsigned int expired = 1, never = UINT_MAX;
    struct COpenSSL_Flight *flight = SSL_get_ex_data(session, flightIndex());
    if (!flight) return never;
    if (previous == 0) flight->count = 0;
    if (flight->count <= COpenSSL_flightCopies)
        flight->starts[flight->count++] = BIO_ctrl_pending(SSL_get_wbio(session));
    return flight->count > COpenSSL_flightCopies ? never : expired;
}

SSL *COpenSSL_makeDTLSSession(SSL_CTX *context, long mtu) {
    SSL *session = SSL_new(context);
    if (!session) return NULL;
    SSL_set_mtu(session, mtu);
    SSL_set_ex_data(session, flightIndex(), OPENSSL_zalloc(sizeof(struct COpenSSL_Flight)));
    DTLS_set_timer_cb(session, nextTimeout);
    return session;
}

struct COpenSSL_Flight COpenSSL_takeFlight(SSL *session) {
    struct COpenSSL_Flight none = {0}, *flight = SSL_get_ex_data(session, flightIndex());
    if (!flight) return none;
    struct COpenSSL_Flight taken = *flight;
    *flight = none;
    return taken;
}

bool COpenSSL_isDTLSFlightPending(SSL *session) {
    struct timeval left;
    return DTLSv1_get_timeout(session, &left) == 1;
}
