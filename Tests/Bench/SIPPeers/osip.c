/* libosip2: the message into its structures, SDP into its own, both back into bytes. */
#include "sip-bench.h"

#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

static int rewrite_description(osip_message_t *message) {
    osip_body_t *body = NULL;
    sdp_message_t *session = NULL;
    char *text = NULL;
    osip_message_get_body(message, 0, &body);
    if (!body || sdp_message_init(&session) || sdp_message_parse(session, body->body)) return 0;
    if (sdp_message_to_str(session, &text)) return 0;
    sdp_message_free(session);
    osip_list_remove(&message->bodies, 0);
    osip_body_free(body);
    int is_set = !osip_message_set_body(message, text, strlen(text));
    osip_free(text);
    return is_set;
}

static size_t round_trip(const char *bytes, size_t length) {
    static int is_initialised;
    if (!is_initialised) is_initialised = !parser_init();
    osip_message_t *message = NULL;
    char *text = NULL;
    size_t used = 0;
    if (osip_message_init(&message) || osip_message_parse(message, bytes, length)) return 0;
    osip_content_type_t *type = osip_message_get_content_type(message);
    int is_description = type && !strcmp(type->subtype, "sdp");
    if (is_description && !rewrite_description(message)) return 0;
    /* Nothing is kept from what was read: the message was changed. */
    osip_message_force_update(message);
    if (osip_message_to_str(message, &text, &used)) return 0;
    memcpy(written, text, used);
    osip_free(text);
    osip_message_free(message);
    return used;
}
