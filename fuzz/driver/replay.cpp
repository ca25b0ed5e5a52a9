// Replays a corpus through a fuzz target without a fuzzer, with any compiler, as a test.
//
//   replay-NAME [--no-filter | --expect-forbidden] FILE-OR-FOLDER...
//
// All inputs are read first; then they run, one after the other, in the sandbox. The exit status
// is 0 when every input came through, 1 otherwise. --no-filter runs them in this process, for a
// debugger. --expect-forbidden turns the verdict round, input by input: the test of the test.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sandbox.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

struct Input {
  std::string name;
  std::vector<std::uint8_t> bytes;
};

struct Batch {
  const Input* inputs;
  std::size_t count;
};

bool replay(void* state) {
  const Batch batch = *static_cast<Batch*>(state);
  for (std::size_t i = 0; i < batch.count; ++i) {
    pounce::sandbox::step(static_cast<unsigned>(i));
    LLVMFuzzerTestOneInput(batch.inputs[i].bytes.data(), batch.inputs[i].bytes.size());
  }
  return true;
}

Input read_input(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {path.filename().string(), std::vector<std::uint8_t>(std::istreambuf_iterator<char>(file), {})};
}

std::vector<Input> read_inputs(const std::vector<std::string>& roots) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& root : roots) {
    if (!std::filesystem::is_directory(root)) {
      if (std::filesystem::exists(root)) paths.emplace_back(root);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> inputs;
  for (const auto& path : paths) inputs.push_back(read_input(path));
  return inputs;
}

// The report counts steps from 0 in the order of the inputs.
void print_failure(const pounce::sandbox::Report& report, const std::vector<Input>& inputs) {
  std::fprintf(stderr, "replay: %s\n", report.text.c_str());
  const std::size_t at = report.text.rfind("step ");
  if (at == std::string::npos) return;
  const std::size_t index = std::stoul(report.text.substr(at + 5));
  std::fprintf(stderr, "replay: the input is %s; --no-filter FILE runs it alone\n", inputs[index].name.c_str());
}

int expect_forbidden(const std::vector<Input>& inputs) {
  int bad = 0;
  for (const Input& input : inputs) {
    Batch one{&input, 1};
    const auto report = pounce::sandbox::run(replay, &one);
    if (report.outcome == pounce::sandbox::Outcome::unconfined) {
      std::printf("replay: no system call filter here, %s not tried\n", input.name.c_str());
      continue;
    }
    const bool stopped = report.outcome == pounce::sandbox::Outcome::forbidden;
    std::printf("%s: %s%s\n", input.name.c_str(), report.text.c_str(), stopped ? "" : " (NOT STOPPED)");
    if (!stopped) ++bad;
  }
  return bad == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  bool filter = true;
  bool turned = false;
  std::vector<std::string> roots;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--no-filter") == 0) {
      filter = false;
    } else if (std::strcmp(argv[i], "--expect-forbidden") == 0) {
      turned = true;
    } else {
      roots.emplace_back(argv[i]);
    }
  }
  std::vector<Input> inputs = read_inputs(roots);
  if (inputs.empty()) {
    std::fprintf(stderr, "replay: no inputs\n");
    return 1;
  }
  if (turned) return expect_forbidden(inputs);

  inputs.insert(inputs.begin(), Input{"(empty)", {}});
  Batch all{inputs.data(), inputs.size()};
  if (!filter) return replay(&all) ? 0 : 1;
  const auto report = pounce::sandbox::run(replay, &all);
  if (report.outcome != pounce::sandbox::Outcome::clean && report.outcome != pounce::sandbox::Outcome::unconfined) {
    print_failure(report, inputs);
    return 1;
  }
  std::printf("replay: %zu inputs, %s\n", inputs.size(), report.text.c_str());
  return 0;
}
