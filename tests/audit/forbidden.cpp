// A fuzz target that misbehaves as its input says: the sandbox must stop every one of these.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string_view>
#include <thread>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
volatile long sink = 0;  // keeps the compiler from leaving a call out
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view deed(reinterpret_cast<const char*>(data), size);
  if (!deed.empty() && deed.back() == '\n') deed.remove_suffix(1);
  if (deed == "steady_clock") sink = std::chrono::steady_clock::now().time_since_epoch().count();
  if (deed == "time") sink = time(nullptr);
  if (deed == "gettimeofday") {
    timeval now{};
    sink = gettimeofday(&now, nullptr);
  }
  if (deed == "getenv") sink = std::getenv("HOME") != nullptr ? 1 : 0;
  if (deed == "random") sink = static_cast<long>(std::random_device("getentropy")());
  if (deed == "socket") sink = socket(AF_INET, SOCK_STREAM, 0);
  if (deed == "open") sink = open("/etc/passwd", O_RDONLY);
  if (deed == "print") sink = std::fflush(stderr) + std::fputs("x", stderr);
  if (deed == "thread") std::thread([] {}).join();
  if (deed == "fork") sink = fork();
  return 0;
}
