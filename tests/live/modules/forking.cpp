// An application that starts a process, as one does to convert a picture: it has everything that was open, until it becomes another program.
// Here it stays what it is until it is killed.
#include <pounce/app.hpp>

#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace {

using pounce::Response;

Response start_process(const pounce::Request&) {
  const pid_t process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
  }
  return Response::text(std::to_string(process));
}

pounce::App make() {
  pounce::App app;
  app.route("/hello", [](const pounce::Request&) { return Response::text("Hello, World!"); });
  app.route("/process", start_process);
  return app;
}

}  // namespace

POUNCE_APP(make);
