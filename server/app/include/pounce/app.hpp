// Everything of Pounce that most applications need.
//
// Of the standard library it brings views, spans, optionals and durations. Who makes a std::string, or takes one, includes <string>.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/app/event_stream.hpp>
#include <pounce/app/exchange.hpp>
#include <pounce/app/module.hpp>
#include <pounce/app/websocket.hpp>
