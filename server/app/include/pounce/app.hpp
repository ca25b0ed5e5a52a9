// Everything that an application needs: <pounce/app.hpp> and nothing else.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/app/event_stream.hpp>
#include <pounce/app/exchange.hpp>
#include <pounce/app/module.hpp>
#include <pounce/app/websocket.hpp>
