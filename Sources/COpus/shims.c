#include "COpus.h"

#include <math.h>
#include <string.h>

/// The samples of 120 ms, the most a packet holds (RFC 6716 §3.2.5 [R5]).
#define LIMIT 5760

int phonebard_opus_set_bitrate(OpusEncoder *encoder, opus_int32 bitsPerSecond) {
    return opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitsPerSecond));
}

int phonebard_opus_set_complexity(OpusEncoder *encoder, opus_int32 complexity) {
    return opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
}

int phonebard_opus_set_inband_fec(OpusEncoder *encoder, opus_int32 enabled) {
    return opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(enabled));
}

int phonebard_opus_set_packet_loss_perc(OpusEncoder *encoder, opus_int32 percent) {
    return opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(percent));
}

int phonebard_opus_set_dtx(OpusEncoder *encoder, opus_int32 enabled) {
    return opus_encoder_ctl(encoder, OPUS_SET_DTX(enabled));
}

int phonebard_opus_set_voice(OpusEncoder *encoder) {
    return opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
}

int phonebard_opus_set_wideband(OpusEncoder *encoder) {
    return opus_encoder_ctl(encoder, OPUS_SET_MAX_BANDWIDTH(OPUS_BANDWIDTH_WIDEBAND));
}

/// To the nearest sample, an even one if two are as near: what is added leaves a float no bits for fractions. In this way
/// compilers can make several at once.
static opus_int16 rounded(float value) {
    const float offset = 12582912;
    float sum = value + offset;
    opus_int32 bits, zero;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&zero, &offset, sizeof zero);
    return (opus_int16)(bits - zero);
}

int phonebard_opus_decode(OpusDecoder *decoder, const unsigned char *payload, opus_int32 length, opus_int16 *samples,
                          int limit, int isPrevious, float *clipping) {
    float sound[LIMIT];
    int count = opus_decode_float(decoder, payload, length, sound, limit < LIMIT ? limit : LIMIT, isPrevious);
    int exceeds = 0;
    for (int index = 0; index < count; index++) exceeds |= fabsf(sound[index]) > 1;
    if (payload && !isPrevious && (exceeds || *clipping != 0)) opus_pcm_soft_clip(sound, count, 1, clipping);
    for (int index = 0; index < count; index++) {
        float scaled = sound[index] * 32768;
        scaled = scaled < 32767 ? scaled : 32767;
        samples[index] = rounded(scaled > -32768 ? scaled : -32768);
    }
    return count;
}
