/* recvmmsg(2), which <sys/socket.h> has with _GNU_SOURCE only, without which Swift imports it; the messages are mmsghdr. */
int phonebard_recvmmsg(int socket, void *messages, unsigned int count, int flags, void *timeout) __asm__("recvmmsg");
