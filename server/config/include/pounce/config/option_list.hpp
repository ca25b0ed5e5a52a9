// What it is: the one list of options. From it come the members of Config, the flags, the POUNCE_*
// variables, the keys of pounce.toml, --help and docs/configuration.md.
// What it is not: a place for values that an application sets, or for actions such as --help
// (those stand in option_table.cpp: they are no configuration).
// How to add an option: add a row, use the member of Config of the same name somewhere (a test
// fails if nothing does), and build the target `options-doc`.
//
// X(kind, name, default, least, most, group, programs, stability, help)
//
// Default, least and most are written as an operator would write them and are parsed by value.hpp;
// "" stands for "absent" or "not bounded this way". Zero is below the least everywhere except for a
// port: an operator who knows 0 as "unlimited" from elsewhere must not get a closed door or an open
// one by surprise. Say `none` where that is allowed.
#pragma once

// clang-format off
#define POUNCE_OPTIONS(X)                                                                          \
  X(path, target, "", "", "", application, both, stable,                                           \
    "What to serve: an application module (./libchat.so) or a directory. Without it, a welcome "   \
    "page says what to do next.")                                                                  \
  X(path, config, "", "", "", application, both, stable,                                           \
    "Configuration file. Without it, pounce.toml in the working directory is read if it exists.")  \
  X(boolean, reload, "false", "", "", application, both, stable,                                   \
    "For development: reload, as at SIGHUP, when TARGET or the configuration file has changed.")   \
  X(path, reload_directory, "", "", "", application, both, stable,                                 \
    "With --reload: the same when a file in this directory, or below it, has changed.")            \
                                                                                                   \
  X(host, host, "127.0.0.1", "", "", listening, both, stable,                                      \
    "Name or address to listen on, when no --bind is given.")                                      \
  X(port, port, "8000", "0", "65535", listening, both, stable,                                     \
    "Port to listen on, when no --bind is given; 0 takes any free port and prints it.")            \
  X(addresses, bind, "", "", "", listening, both, stable,                                          \
    "Address to listen on: ADDR:PORT, [V6]:PORT, unix:PATH, or a socket that is there: fd://N, "   \
    "systemd:NAME. Behind it may stand ,tls, and ,proxy: each connection begins with a PROXY "     \
    "header. Repeatable; takes the place of --host and --port.")                                   \
  X(count, backlog, "4096", "1", "65535", listening, both, stable,                                 \
    "Connections the kernel holds for us before they are accepted, per listener.")                 \
                                                                                                   \
  X(networks, trusted_proxies, "", "", "", proxies, both, stable,                                  \
    "Proxies that are believed what they say about a client: addresses or networks "               \
    "(10.0.0.0/8, 2001:db8::/32), unix: for those on Unix sockets. Repeatable, or with commas. "   \
    "What anybody else says is dropped.")                                                          \
  X(boolean, forwarded, "false", "", "", proxies, both, stable,                                    \
    "Trusted proxies write Forwarded (RFC 7239); without it, X-Forwarded-For, -Proto and -Host "   \
    "are read.")                                                                                   \
                                                                                                   \
  X(auto_count, workers, "auto", "1", "1024", workers, both, stable,                               \
    "Workers that serve connections; auto counts the CPUs that affinity and cgroup allow.")        \
  X(choice, worker_mode, "auto", "auto|threads|processes", "", workers, both, stable,               \
    "Workers are threads of one process, or processes of one worker each; auto makes processes "   \
    "of an application that says that it is single_threaded.")                                      \
  X(count, worker_restarts, "20", "1", "1000000", workers, both, stable,                            \
    "Worker processes that may die within a minute, and are started again; one more ends the "     \
    "program with exit code 1.")                                                                    \
  X(duration, worker_start_timeout, "1m", "1ms", "24h", workers, both, stable,                      \
    "Time that a worker process may take until it serves, start hooks included; then it counts "   \
    "as dead.")                                                                                     \
  X(auto_count, async_workers, "auto", "1", "1024", workers, sync_only, stable,                    \
    "Reactors that take over what would hold a worker: handlers that wait, slow clients.")         \
  X(duration, worker_patience, "20ms", "1ms", "24h", workers, sync_only, stable,                    \
    "Time a worker waits for a slow peer of one request, while nobody else needs it; then a "      \
    "reactor waits instead.")                                                                      \
  X(count, max_connections, "10000", "1", "10000000", workers, both, stable,                       \
    "Connections open at once over all workers; one more is answered 503.")                        \
  X(optional_count, max_requests_per_connection, "none", "1", "1000000000", workers, both, stable, \
    "Requests served on one connection before it is closed.")                                      \
                                                                                                   \
  X(size, max_request_line, "8KiB", "32B", "1MiB", limits, both, stable,                           \
    "Longest request line; a longer one is answered 414.")                                         \
  X(size, max_header_size, "64KiB", "64B", "16MiB", limits, both, stable,                          \
    "Largest header section of a request, behind the request line; a larger one is answered 431.") \
  X(count, max_headers, "100", "1", "10000", limits, both, stable,                                 \
    "Most fields in a request head; one more is answered 431.")                                    \
  X(size, max_request_size, "1MiB", "1B", "1024TiB", limits, both, stable,                         \
    "Largest request body; a larger one is answered 413.")                                         \
                                                                                                   \
  X(optional_request_rate, rate_limit, "none", "1/s", "1000000/s", clients, both, stable,           \
    "Requests that one client may make: 100/s, 30/m, 1000/h or 5/d; one more is answered 429. A "   \
    "client is an IPv4 address or an IPv6 /64, behind trusted proxies the one that they name.")    \
  X(auto_count, rate_limit_burst, "auto", "1", "1000000", clients, both, stable,                   \
    "Requests that a client may make at once; auto is the number in rate_limit.")                  \
  X(networks, rate_limit_exempt, "", "", "", clients, both, stable,                                \
    "Addresses and networks that the rate limit is not for. Repeatable, or with commas.")          \
  X(prefixes, rate_limit_exempt_paths, "", "", "", clients, both, stable,                          \
    "Paths that the rate limit is not for, with all below them. Repeatable, or with commas.")      \
  X(count, rate_limit_clients, "65536", "1", "16777216", clients, both, stable,                    \
    "Clients whose use is remembered at once, in 8 bytes each.")                                   \
                                                                                                   \
  X(optional_count, max_concurrency, "none", "1", "1000000", overload, both, stable,                \
    "Handlers that run at once over all workers; who finds no place waits for one. Static files, " \
    "health and metrics need none, nor does a WebSocket once it is accepted.")                     \
  X(count, queue_depth, "1024", "1", "1000000", overload, both, stable,                            \
    "Requests that may wait for a place; one more is answered 503 at once.")                       \
  X(duration, queue_timeout, "1s", "1ms", "24h", overload, both, stable,                            \
    "Longest wait; then 503. When somebody has been waiting all that time, who came last is "      \
    "served first, and 503 comes after an eighth of it.")                                          \
  X(prefixes, queue_exempt_paths, "", "", "", overload, both, stable,                              \
    "Paths whose handlers need no place, with all below them: endless streams. Repeatable, or "    \
    "with commas.")                                                                                \
                                                                                                   \
  X(duration, header_timeout, "10s", "1ms", "24h", deadlines, both, stable,                        \
    "Time for a whole request head, from its first byte; then 408.")                               \
  X(duration, request_timeout, "30s", "1ms", "24h", deadlines, both, stable,                       \
    "Time a request body may make no progress; then 408.")                                         \
  X(rate, min_rate, "500B/s", "1B/s", "1GiB/s", deadlines, both, stable,                           \
    "Slowest rate at which a peer may send a body or take an answer, after 10 s of grace.")        \
  X(duration, write_timeout, "30s", "1ms", "24h", deadlines, both, stable,                         \
    "Time an answer may make no progress because the peer does not read.")                         \
  X(duration, keep_alive_timeout, "75s", "1ms", "24h", deadlines, both, stable,                    \
    "Time a connection may stand idle between requests.")                                          \
  X(duration, shutdown_timeout, "10s", "1ms", "24h", deadlines, both, stable,                      \
    "Time for open requests to end after SIGTERM or SIGINT; then, or at a second signal, they are "   \
    "cut and the exit code is 4.")                                                                                  \
  X(optional_duration, drain_delay, "none", "1ms", "24h", deadlines, both, stable,                  \
    "Time after SIGTERM or SIGINT in which connections are still accepted while health says 503, "  \
    "for balancers that have to notice; a part of shutdown_timeout.")                               \
  X(duration, reload_timeout, "1h", "1ms", "24h", deadlines, both, stable,                          \
    "Time for open requests of the configuration before a reload to end; then they are cut.")       \
                                                                                                   \
  X(boolean, http2, "true", "", "", http2, both, stable,                                           \
    "Speak HTTP/2 with clients that begin with its preface; --no-http2 leaves HTTP/1.1 alone.")    \
  X(count, h2_max_streams, "100", "1", "100000", http2, both, stable,                              \
    "Requests of one HTTP/2 connection at a time; one more is refused.")                           \
  X(size, h2_stream_window, "256KiB", "1KiB", "1GiB", http2, both, stable,                         \
    "Content that a client may send ahead of the handler, on one HTTP/2 stream.")                  \
  X(size, h2_connection_window, "1MiB", "64KiB", "1GiB", http2, both, stable,                      \
    "The same on all streams of an HTTP/2 connection together.")                                   \
  X(size, h2_max_frame_size, "16KiB", "16KiB", "16777215B", http2, both, stable,                   \
    "Largest HTTP/2 frame that is taken; a larger one ends the connection.")                       \
  X(size, h2_max_header_list, "64KiB", "64B", "16MiB", http2, both, stable,                        \
    "Largest header section over HTTP/2, decoded, with 32 bytes for each field; a larger one is "  \
    "answered 431. A single name or value of more than 64 KiB, as it is sent, ends the connection.")\
  X(optional_duration, h2_ping_interval, "none", "1ms", "24h", http2, both, stable,                \
    "Silence after which a client with open HTTP/2 streams is asked whether it is still there.")   \
  X(duration, h2_ping_timeout, "15s", "1ms", "24h", http2, both, stable,                           \
    "Time it has to answer; then the connection ends.")                                            \
                                                                                                   \
  X(path, tls_cert, "", "", "", tls, both, stable,                                                 \
    "Certificate in PEM, then each issuer of the one before; with it --port speaks TLS, or "        \
    "each --bind that ends in ,tls.")                                                              \
  X(path, tls_key, "", "", "", tls, both, stable,                                                  \
    "Its private key in PEM; without it, the key is looked for in the file of --tls-cert.")        \
  X(path, tls_passphrase_file, "", "", "", tls, both, stable,                                      \
    "File whose first line opens encrypted keys.")                                                 \
  X(path, tls_staple, "", "", "", tls, both, stable,                                               \
    "OCSP response in DER that goes with the certificate; something else keeps it fresh.")         \
  X(certificates, tls_sni, "", "", "", tls, both, stable,                                          \
    "Another certificate, for a name: NAME=CERTIFICATE,KEY, where NAME may begin with *. for any " \
    "one label. Repeatable.")                                                                      \
  X(boolean, tls_reject_unknown_names, "false", "", "", tls, both, stable,                         \
    "Clients that ask for a name without a certificate get an alert, and not the one of "          \
    "--tls-cert.")                                                                                 \
  X(choice, tls_min, "1.2", "1.2|1.3", "", tls, both, stable,                                      \
    "Oldest version of TLS that is spoken.")                                                       \
  X(optional_text, tls_ciphers, "intermediate", "", "", tls, both, stable,                         \
    "Ciphers of TLS 1.2, in OpenSSL's notation; intermediate: Mozilla's recommendation of that "   \
    "name, without finite-field DH; none: those of OpenSSL.")                                      \
  X(optional_text, tls_groups, "X25519:P-256:P-384", "", "", tls, both, stable,                    \
    "Groups for the key exchange, in OpenSSL's notation; none: those of OpenSSL.")                 \
  X(choice, tls_client_auth, "none", "none|request|require", "", tls, both, stable,                \
    "Whether clients are asked for a certificate; request leaves the verdict to the application.") \
  X(path, tls_client_ca, "", "", "", tls, both, stable,                                            \
    "Certificates in PEM of those who may issue certificates of clients.")                         \
  X(path, tls_ticket_keys, "", "", "", tls, both, stable,                                          \
    "File with one to four keys of 80 random bytes for session tickets, to be shared by a fleet; " \
    "the first one encrypts. Without it, keys are made at start.")                                 \
  X(duration, tls_ticket_rotation, "12h", "1m", "168h", tls, both, stable,                         \
    "Time after which a fresh key encrypts tickets, where they come from no file; the last four "  \
    "are accepted.")                                                                               \
  X(duration, tls_handshake_timeout, "10s", "1ms", "24h", tls, both, stable,                       \
    "Time for a whole TLS handshake; then the connection is closed.")                              \
  X(count, tls_max_handshakes, "1000", "1", "10000000", tls, both, stable,                         \
    "Handshakes under way at once over all workers; one more connection is closed at once.")       \
  X(optional_duration, tls_watch, "none", "100ms", "24h", tls, both, stable,                       \
    "How often the files of TLS are looked at; one that has changed is read again, as at SIGHUP.") \
  X(boolean, tls_self_signed, "false", "", "", tls, both, stable,                                  \
    "For development: a certificate for localhost is made at start, and its fingerprint printed.") \
                                                                                                   \
  X(size, ws_max_message_size, "16MiB", "1B", "1GiB", websocket, both, stable,                     \
    "Largest WebSocket message, all its fragments together and inflated; a larger one ends the "   \
    "connection with 1009.")                                                                       \
  X(optional_duration, ws_ping_interval, "none", "1ms", "24h", websocket, both, stable,            \
    "Silence after which a WebSocket client is asked whether it is still there.")                  \
  X(duration, ws_ping_timeout, "20s", "1ms", "24h", websocket, both, stable,                       \
    "Time it has to answer; then the connection ends.")                                            \
  X(duration, ws_close_timeout, "10s", "1ms", "24h", websocket, both, stable,                      \
    "Time a WebSocket client has to answer a Close.")                                              \
  X(boolean, ws_compression, "true", "", "", websocket, both, stable,                              \
    "Compress WebSocket messages with clients that offer it (permessage-deflate).")                \
  X(count, ws_compression_level, "1", "1", "9", websocket, both, stable,                           \
    "Effort of that compression.")                                                                 \
  X(count, ws_compression_window, "15", "9", "15", websocket, both, stable,                        \
    "Largest window of it, both ways, in bits: the compressor of a connection takes four times "   \
    "as much, and 128 KiB. Clients that cannot be limited are not compressed with below 15.")      \
  X(boolean, ws_context_takeover, "true", "", "", websocket, both, stable,                         \
    "Keep the compressor of a WebSocket between messages; --no-ws-context-takeover gives its "     \
    "memory back after each, and compresses less.")                                                \
                                                                                                   \
  X(optional_text, server_header, "pounce", "", "", answers, both, stable,                         \
    "Text of the Server field of every answer; none leaves the field out.")                        \
  X(boolean, date_header, "true", "", "", answers, both, stable,                                   \
    "Answers carry a Date field; --no-date-header leaves it out, where a proxy in front adds one.") \
                                                                                                   \
  X(mounts, static_, "", "", "", files, both, stable,                                              \
    "A directory of files beside an application: /prefix=DIR; the longest prefix of a path counts. " \
    "Behind DIR may stand ;pass, so that the application is asked for what is not there, and then " \
    ";cache-control=TEXT for this one alone. Repeatable.")                                         \
  X(optional_text, static_index, "index.html", "", "", files, both, stable,                        \
    "Name of the page that a directory is; none: a directory is no page.")                         \
  X(path, static_fallback, "", "", "", files, both, stable,                                        \
    "File below the directory that is sent, with 200, for names that are not there and whose "     \
    "ending is no known type: the page of an application that routes in the browser.")             \
  X(path, static_not_found, "", "", "", files, both, stable,                                       \
    "File below the directory that is the content of a 404.")                                      \
  X(boolean, static_listing, "false", "", "", files, both, stable,                                 \
    "Directories without an index page are listed, as HTML or JSON.")                              \
  X(optional_text, static_cache_control, "none", "", "", files, both, stable,                      \
    "Text of the Cache-Control field of files; none leaves the field out.")                        \
  X(boolean, static_immutable, "false", "", "", files, both, stable,                               \
    "Files whose names hold a fingerprint of eight or more hexadecimal digits (app.3f2a1b9c.js) "  \
    "may be kept for a year.")                                                                     \
  X(boolean, static_precompressed, "true", "", "", files, both, stable,                            \
    "NAME.zst, NAME.br or NAME.gz is sent for NAME to who accepts it, unless NAME is newer.")      \
  X(boolean, static_symlinks, "false", "", "", files, both, stable,                                \
    "Relative symbolic links are followed, as long as they stay below the directory; absolute "    \
    "ones never are.")                                                                             \
  X(count, static_open_files, "1024", "16", "1000000", files, both, stable,                        \
    "Open files and missing names that are remembered, for half a second each, per directory.")    \
  X(optional_size, static_contents, "16MiB", "1MiB", "1TiB", files, both, stable,                   \
    "Memory for the contents of small files (up to 64 KiB), per directory, which are looked at "   \
    "again every half second; none keeps none, and looks at each file for each request.")      \
  X(count, file_threads, "2", "1", "64", files, both, stable,                                      \
    "Threads that wait for disks when a file is not in memory.")                                   \
  X(path, mime_types, "", "", "", files, both, stable,                                             \
    "File with types of endings beside and before the built-in ones, in the format of mime.types.") \
                                                                                                   \
  X(optional_text, compression, "zstd,gzip,deflate", "", "", compression, both, stable,            \
    "Content codings of answers, the preferred one first; none sends them as they are.")           \
  X(size, compression_min_size, "500B", "1B", "1GiB", compression, both, stable,                   \
    "Smallest content that is compressed, where its length is known.")                             \
  X(count, compression_gzip_level, "1", "1", "9", compression, both, stable,                       \
    "Level of gzip and deflate: from fast to small.")                                              \
  X(count, compression_zstd_level, "3", "1", "22", compression, both, stable,                      \
    "Level of zstd: from fast to small. An answer that is streamed holds 0.9 MiB at level 1, "     \
    "1.3 MiB at 3, 3.2 MiB at 19.")                                                                \
  X(count, compression_max_streams, "1024", "1", "1000000", compression, both, stable,             \
    "Answers that are compressed while they are streamed, at once over all connections; further "  \
    "ones are sent as they are.")                                                                  \
  X(optional_text, compression_types, "usual", "", "", compression, both, stable,                  \
    "Media types that are compressed, separated by commas: whole (application/json), by kind "     \
    "(text/*) or by suffix (+json); usual stands for the built-in list.")                           \
                                                                                                   \
  X(path, access_log, "", "", "", watching, both, stable,                                          \
    "File for a line per request, - for standard output; without it, none is written. SIGUSR1 "    \
    "opens the file anew.")                                                                        \
  X(text, access_log_format, "combined", "", "", watching, both, stable,                           \
    "common, combined, json, or a format with percent atoms, as Apache (%h) or gunicorn (%(h)s) "  \
    "have them.")                                                                                  \
  X(path, event_log, "", "", "", watching, both, stable,                                           \
    "File for every lifecycle event, as a line of JSON; - for standard output. SIGUSR1 opens the " \
    "file anew.")                                                                                  \
  X(text, log_format, "auto", "", "", watching, both, stable,                                      \
    "How the program speaks of itself on standard error: plain lines, pretty, json, or auto, "     \
    "which is pretty on a terminal.")                                                              \
  X(path, health_path, "", "", "", watching, both, stable,                                         \
    "Path that answers 200 while the server takes requests and 503 before and while it drains.")   \
  X(path, metrics_path, "", "", "", watching, both, stable,                                        \
    "Path of the metrics, for Prometheus or as OpenMetrics; with --admin-bind only there.")        \
  X(path, info_path, "", "", "", watching, both, stable,                                           \
    "Path of versions, configuration without secrets, and workers, as JSON; with --admin-bind "    \
    "only there.")                                                                                 \
  X(boolean, request_id, "false", "", "", watching, both, stable,                                  \
    "Requests have an X-Request-ID: a trusted proxy's, else one of our own; in responses, logs, "  \
    "events and for handlers.")                                                                    \
  X(boolean, server_timing, "false", "", "", watching, both, stable,                               \
    "Responses say in Server-Timing how long their handler took; streamed ones also in a "         \
    "trailer, for clients that take trailers.")                                                    \
  X(addresses, admin_bind, "", "", "", watching, both, stable,                                     \
    "Address for these three paths alone, with a thread of its own: ADDR:PORT, [V6]:PORT or "      \
    "unix:PATH. Repeatable.")
// clang-format on
