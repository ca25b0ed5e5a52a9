// The index page, as text/html. It fetches nothing: style within, no script, no icon.
#pragma once

namespace tour {

inline constexpr const char* page_policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

inline constexpr char page[] = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Pounce: a tour</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: light-dark(#ddd, #3a3a3a); --accent: light-dark(#a34a00, #ffb066); }
body { font: 17px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.2rem; }
h1 { font-size: 2.2rem; margin: 0; } h1 + p { margin-top: .3rem; opacity: .75; }
section { border-top: 1px solid var(--line); padding: .7rem 0; }
h2 { font: 600 1.05rem ui-monospace, monospace; margin: 0; } h2 a { color: var(--accent); text-decoration: none; }
p { margin: .25rem 0; } pre { margin: .4rem 0 0; overflow-x: auto; font-size: .85rem; opacity: .85; }
</style>
<h1>Pounce</h1>
<p>This page and all routes below are one example application, <code>examples/tour</code>. Stop the server with
Ctrl-C while one of the slow ones runs, and see how it ends.</p>
<section><h2><a href="/hello">/hello</a></h2>
<p>A plain handler: a function from a request to a response. <code>/</code> answers the same to whoever does not ask for HTML.</p>
<pre>curl -i localhost:8000/hello</pre></section>
<section><h2>/echo</h2>
<p>A coroutine that streams the content back while it arrives, in constant memory; more than 1 MiB needs <code>--max-request-size</code>.</p>
<pre>curl --data-binary @some-file localhost:8000/echo | cmp - some-file</pre></section>
<section><h2><a href="/big">/big</a> <a href="/json">/json</a></h2>
<p>1 MiB of text and 16 KiB of JSON: made once, lent to each response, never copied into it.</p>
<pre>curl -o /dev/null -w '%{size_download}\n' localhost:8000/big</pre></section>
<section><h2><a href="/sleep?ms=1500">/sleep?ms=N</a></h2>
<p>Waits, then answers. A sleeper holds no thread, on either program.</p>
<pre>curl 'localhost:8000/sleep?ms=1500'</pre></section>
<section><h2><a href="/events?n=10&amp;ms=500">/events?n=N&amp;ms=M</a></h2>
<p>Server-sent events: N of them, M milliseconds apart, and a goodbye when the server shuts down.</p>
<pre>curl -N 'localhost:8000/events?n=10&amp;ms=500'</pre></section>
<section><h2><a href="/headers?h=some+value">/headers?h=V</a></h2>
<p>V becomes a field of the answer. A line break in it never reaches the wire: the answer is then a 500.</p>
<pre>curl -i 'localhost:8000/headers?h=some+value'
curl -i 'localhost:8000/headers?h=a%0d%0ainjected:+1'</pre></section>
<section><h2><a href="/hints">/hints</a></h2>
<p>103 Early Hints before the answer.</p>
<pre>curl -i localhost:8000/hints</pre></section>
<section><h2><a href="/trailers">/trailers</a></h2>
<p>Fields after the content: what is known only then.</p>
<pre>curl -i --raw localhost:8000/trailers</pre></section>
<section><h2><a href="/runs">/runs</a></h2>
<p>How often any handler has run since the start; a handler runs once for each request, whatever happens to it.</p>
<pre>curl localhost:8000/runs</pre></section>
<section><p>Write your own: see <code>docs/applications.md</code>, and the files beside this one in <code>examples/</code>.</p></section>
</html>
)html";

}  // namespace tour
