/* The program inside every container of the test servers: an HTTP server small enough to be the only
   file of an image, so that no image is ever pulled.

     task serve           answers every request with 200 and the value of VERSION; TERM ends it with 0
     task crash CODE MS   lives for MS milliseconds, then exits with CODE
     task deaf            serves, but ignores TERM, so whoever stops it must wait and kill it

   PORT says where it listens (default 80). */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The first process of a container has no default action for TERM: without this it would never stop. */
static void leave(int signal_number) {
  (void)signal_number;
  _exit(0);
}

static const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value ? value : otherwise;
}

static void answer(int connection, const char *version) {
  char request[2048], response[256];
  if (read(connection, request, sizeof request) <= 0) return;
  int length = snprintf(response, sizeof response,
                        "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
                        strlen(version) + 1, version);
  if (write(connection, response, (size_t)length) < 0) perror("write");
}

static int serve(void) {
  const char *version = setting("VERSION", "unknown");
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons((unsigned short)atoi(setting("PORT", "80")));
  int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
      bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64)) {
    perror("listen");
    return 1;
  }
  printf("serving version %s\n", version);
  fflush(stdout);
  for (;;) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) continue;
    answer(connection, version);
    close(connection);
  }
}

static int crash(int code, long milliseconds) {
  printf("about to exit with %d\n", code);
  fflush(stdout);
  struct timespec span = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&span, NULL);
  return code;
}

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "serve";
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, strcmp(mode, "deaf") ? leave : SIG_IGN);
  signal(SIGINT, leave);
  if (!strcmp(mode, "crash")) return crash(count > 2 ? atoi(words[2]) : 1, count > 3 ? atol(words[3]) : 300);
  return serve();
}
