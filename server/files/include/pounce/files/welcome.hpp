// The application that runs when a program is started without a TARGET: one page that says what to do next, as HTML for browsers
// and as text for everybody else. Every other path is 404.
#pragma once

namespace pounce::inline v0 {

class App;

[[nodiscard]] App welcome();

}  // namespace pounce::inline v0
