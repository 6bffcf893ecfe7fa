/* libsofia-sip-ua: the message into its structures, SDP into its own, both back into bytes. */
#include "sip-bench.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/su_alloc.h>

static int rewrite_description(msg_t *message, sip_t *sip) {
    su_home_t *home = msg_home(message);
    sdp_parser_t *parser = sdp_parse(home, sip->sip_payload->pl_data, sip->sip_payload->pl_len, 0);
    sdp_session_t *session = sdp_session(parser);
    if (!session) return 0;
    sdp_printer_t *printer = sdp_print(home, session, NULL, 0, 0);
    const char *text = sdp_message(printer);
    if (!text) return 0;
    sip_payload_t *payload = sip_payload_create(home, text, sdp_message_size(printer));
    sdp_printer_free(printer);
    sdp_parser_free(parser);
    msg_header_remove(message, (msg_pub_t *)sip, (msg_header_t *)sip->sip_payload);
    return msg_header_insert(message, (msg_pub_t *)sip, (msg_header_t *)payload) == 0;
}

static size_t round_trip(const char *bytes, size_t length) {
    size_t used = 0;
    msg_t *message = msg_make(sip_default_mclass(), 0, bytes, length);
    sip_t *sip = sip_object(message);
    if (!sip || !sip->sip_from || !sip->sip_to || !sip->sip_via || !sip->sip_cseq || sip->sip_error) return 0;
    int is_description = sip->sip_content_type && !strcmp(sip->sip_content_type->c_type, "application/sdp");
    if (is_description && !rewrite_description(message, sip)) return 0;
    if (msg_serialize(message, (msg_pub_t *)sip) < 0 || msg_prepare(message) < 0) return 0;
    msg_iovec_t pieces[64];
    isize_t count = msg_iovec(message, pieces, 64);
    for (isize_t each = 0; each < count && each < 64; each++) {
        memcpy(written + used, pieces[each].mv_base, pieces[each].mv_len);
        used += pieces[each].mv_len;
    }
    msg_destroy(message);
    return used;
}
