// Before and after an answer: a 103 Early Hints, then content, then trailers.
//
//   curl -i --raw localhost:8000/
#include <pounce/app.hpp>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using pounce::Status;

pounce::Task page(pounce::Exchange& x) {
  // What the browser will need; it can fetch that while the answer is being made.
  pounce::Fields links;
  links.add("link", "</style.css>; rel=preload; as=style");
  links.add("link", "</script.js>; rel=preload; as=script");
  if (x.inform(103, links) != Status::ok) co_return;
  (void)co_await x.sleep(20ms);  // here a real page would ask its database

  pounce::Head head{200};
  head.set("content-type", "text/html; charset=utf-8").set("trailer", "server-timing");
  if (x.start(head) != Status::ok) co_return;
  if (co_await x.write("<!doctype html><title>Hints</title><p>Look at what came before and after.\n") != Status::ok)
    co_return;

  // Known only now. A client whose framing has no place for trailers gets the answer without them.
  pounce::Fields trailers;
  trailers.add("server-timing", "database;dur=20");
  (void)x.finish(trailers);
}

}  // namespace

POUNCE_APP(page);
