// Request heads alone: the fast path, the slow path that decides what it does not know, and llhttp by itself.
//
//   build/release/bench/bench-head [PART OF A NAME]      (pin it: taskset -c 1)
//
// All read the same heads: 46 bytes as load generators send them, 443 bytes of a browser. Ours end with a complete RequestHead,
// field ids, framing and a checked Host; llhttp with spans. Prints the median of rounds that are interleaved, with their quartiles.
#include "protocol/h1/head.hpp"
#include "protocol/h1/fast_head.hpp"
#include "protocol/h1/fast_marks.hpp"

#include <pounce/h1/head_scan.hpp>

#include <llhttp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace pounce;

namespace {

constexpr Bytes small = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:18080\r\n\r\n";
constexpr Bytes browser =
    "GET /cookies HTTP/1.1\r\nHost: 127.0.0.1:8090\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.17 (KHTML, like Gecko) Chrome/24.0.1312.56 "
    "Safari/537.17\r\n"
    "Accept-Encoding: gzip,deflate,sdch\r\nAccept-Language: en-US,en;q=0.8\r\n"
    "Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.3\r\nCookie: name=wookie; theme=light\r\n\r\n";
static_assert(small.size() == 46 && browser.size() == 443);

void keep(const void* value) { asm volatile("" : : "g"(value) : "memory"); }

void require(bool condition) {
  if (!condition) std::abort();
}

int take_span(llhttp_t* parser, const char* at, std::size_t size) {
  keep(at);
  keep(parser);
  return size == SIZE_MAX ? -1 : 0;
}

struct Row {
  const char* name;
  Bytes head;
  std::function<void(std::size_t)> run;  // so many times
  std::vector<double> rounds{};          // nanoseconds a head
};

// By processor time, so that what else the machine does costs us its caches only.
double measure(const Row& row, std::size_t times) {
  const std::clock_t start = std::clock();
  row.run(times);
  return static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC / static_cast<double>(times);
}

}  // namespace

int main(int count, char** arguments) {
  const h1::Limits limits;
  Events events;
  llhttp_settings_t settings{};
  settings.on_url = settings.on_header_field = settings.on_header_value = take_span;
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);

  std::vector<Row> rows;
  for (const Bytes head : {small, browser}) {
    rows.push_back({"fast path", head, [&, head](std::size_t times) {
                      for (; times != 0; --times) {
                        http::Framing framing;
                        require(h1::accept_head(head, limits, events, framing).size == head.size());
                        events.clear();
                      }
                    }});
    for (const h1::MarksVariant& variant : h1::marks_variants()) {
      if (!variant.available) continue;
      rows.push_back({variant.name, head, [head, variant](std::size_t times) {
                        const auto marks = std::make_unique<h1::Marks>();
                        for (; times != 0; --times) require(variant.find(head, *marks) == head.size());
                      }});
    }
    rows.push_back({"slow path", head, [&, head](std::size_t times) {
                      for (; times != 0; --times) {
                        http::Framing framing;
                        h1::HeadScan scan;
                        require(scan.advance(head, limits) == Fault::none && scan.complete());
                        require(h1::parse_head(head, scan.request_line_size(), events.slot(), framing) == Fault::none);
                        events.clear();
                      }
                    }});
    rows.push_back({"llhttp alone", head, [&, head](std::size_t times) {
                      for (; times != 0; --times) require(llhttp_execute(&parser, head.data(), head.size()) == HPE_OK);
                    }});
  }

  if (count > 1) {
    std::erase_if(rows, [&](const Row& row) { return Bytes{row.name}.find(arguments[1]) == Bytes::npos; });
  }
  constexpr int rounds = 101;
  for (int round = 0; round < rounds; ++round) {
    for (Row& row : rows) row.rounds.push_back(measure(row, 20000));
  }
  std::printf("| what | bytes | ns | quartiles |\n|---|--:|--:|--:|\n");
  for (Row& row : rows) {
    std::ranges::sort(row.rounds);
    const bool variant =
        std::ranges::any_of(h1::marks_variants(), [&row](const auto& v) { return v.name == row.name; });
    std::printf("| %s%s | %zu | %.1f | %.1f..%.1f |\n", variant ? "its marks alone, " : "", row.name, row.head.size(),
                row.rounds[rounds / 2], row.rounds[rounds / 4], row.rounds[rounds * 3 / 4]);
  }
}
