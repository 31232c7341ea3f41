/**
 * @file raet.h
 * @brief The C interface of libraet: Reliable Asynchronous Event Transport.
 *
 * Conventions, which hold for every function unless it says otherwise:
 *
 * - A stack is used by one thread at a time; different stacks may be used by different threads at the same time. The
 *   library starts no threads, installs no signal handlers, reads no environment variables, and keeps nothing outside
 *   its stacks but the list of handles that are alive. It blocks on nothing but the store's disk and, for at most 0.1 s
 *   when a lane's socket is opened or closed, the lock of the lane's folder.
 * - A handle belongs to the process that made it: in the child of a fork() it gives RAET_EINVAL, and freeing it does
 *   nothing (Linux 4.14 and later; elsewhere the child must not use it). The child may make handles of its own.
 * - Times are nanoseconds: points in time (`now`, deadlines) of one monotonic clock that the host chooses, such as
 *   raet_now(); periods carry `_ns` in their names. A `now` that lies before an earlier one counts as that earlier one.
 * - Functions that can fail return a raet_status: RAET_OK (0) or a negative code. A failed call changes nothing.
 *   raet_stack_error() has the details of the last failure of a stack, where there are any.
 * - A NULL where none is allowed gives RAET_EINVAL; a freed or foreign handle gives RAET_EINVAL too. These are not
 *   listed again with each function; nor is RAET_ENOMEM, which all that make something can give.
 * - Strings are UTF-8 and end with NUL. What the host passes in is copied before the call returns.
 * - Functions that fill a buffer take its size as `cap` and always tell in `*need` the bytes it takes, the NUL of a
 *   string included. When `cap` is less they return RAET_EBUFSIZE and write nothing; `buf` may then be NULL.
 * - From inside raet_event_fn and raet_wake_fn, raet_stack_service(), _input(), _dispatch(), _next_event() and _close()
 *   return RAET_EREENTRANT and everything else works. The log, the store and the source of randomness are called in the
 *   middle of things: from inside them every call that would change the same stack returns RAET_EREENTRANT.
 *   raet_stack_free() takes effect when the callback has returned.
 *
 * What the functions do on the wire is specified in docs/PROTOCOL.md; sections are named there as here: "PROTOCOL 5.2".
 */
#ifndef RAET_H
#define RAET_H
#include <stddef.h>
#include <stdint.h>

/** Marks an exported function. */
#if defined(__GNUC__)
#define RAET_API __attribute__((visibility("default")))
#else
#define RAET_API
#endif
/** Pointer that must not be NULL: for compilers; the library itself answers NULL with RAET_EINVAL. */
#ifndef RAET_NN
#if defined(__clang__)
#define RAET_NN _Nonnull
#else
#define RAET_NN
#endif
#endif
/** Pointer that may be NULL. */
#ifndef RAET_OPT
#if defined(__clang__)
#define RAET_OPT _Nullable
#else
#define RAET_OPT
#endif
#endif
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#endif
#ifdef __cplusplus
extern "C" {
#endif

/** Version of this header: major << 16 | minor << 8 | patch. Compare with raet_version(). */
#define RAET_VERSION_NUMBER 0x000100u
/** A point in time that never comes, as a deadline; as a period: no limit. */
#define RAET_NEVER UINT64_MAX
/** The longest message body, in bytes. */
#define RAET_MESSAGE_MAX 67107800u

typedef struct raet_config raet_config; /**< settings for a stack to be made; opaque */
typedef struct raet_router raet_router; /**< leads messages between stacks and the host; opaque */
typedef struct raet_stack raet_stack;   /**< an estate on a road or a yard on a lane, with its remotes; opaque */
typedef int32_t raet_status;            /**< RAET_OK or a negative RAET_E... */
typedef uint32_t raet_enum;             /**< a constant of one of the enumerations below; unknown ones may come later */
typedef uint64_t raet_remote;           /**< names a remote within its stack; 0 is none; never used again */
typedef uint64_t raet_txn;              /**< names a transaction within its stack; 0 is none; never used again */

/** A network address: `len` bytes of a `struct sockaddr_in` or `sockaddr_in6`. */
typedef struct raet_addr {
  uint32_t len;       /**< bytes used */
  uint8_t bytes[124]; /**< the socket address as the system lays it out */
} raet_addr;

/** Status codes. Their names and a sentence each: raet_status_name(), raet_status_text(). */
enum {
  RAET_OK = 0,            /**< done */
  RAET_EAGAIN = -1,       /**< nothing there now, or a queue is full: try later (RAET_EV_WRITABLE tells when) */
  RAET_EINVAL = -2,       /**< an argument is not valid */
  RAET_ENOMEM = -3,       /**< no memory */
  RAET_ESTATE = -4,       /**< not possible in the present state */
  RAET_EREENTRANT = -5,   /**< not allowed from inside a callback */
  RAET_ENOTFOUND = -6,    /**< there is no such thing */
  RAET_EEXIST = -7,       /**< it exists already */
  RAET_EMSGSIZE = -8,     /**< the message is too large */
  RAET_EBUFSIZE = -9,     /**< the buffer is too small; *need tells the size */
  RAET_ETIMEDOUT = -10,   /**< the time limit passed */
  RAET_ECANCELED = -11,   /**< cancelled by the host, or the stack was closed */
  RAET_ENACK = -12,       /**< the remote refused it with a nack */
  RAET_EREFUSED = -13,    /**< refused for now; the same may succeed later */
  RAET_EREJECTED = -14,   /**< rejected: no main estate, keys not accepted, or a change not permitted */
  RAET_EPENDING = -15,    /**< a person has to accept the keys first */
  RAET_EUNJOINED = -16,   /**< not joined */
  RAET_EUNALLOWED = -17,  /**< not allowed */
  RAET_ESTALE = -18,      /**< of an older session */
  RAET_EDEAD = -19,       /**< the remote does not answer */
  RAET_EPROTO = -20,      /**< the remote broke the protocol */
  RAET_ECRYPTO = -21,     /**< a key or signature is not valid */
  RAET_EENCODE = -22,     /**< the body is not a mapping of its kind */
  RAET_EIO = -23,         /**< a system call failed; os_errno and raet_stack_error() have the reason */
  RAET_ENOTSUP = -24,     /**< not supported */
  RAET_ECLOSED = -25,     /**< the stack is closed */
  RAET_EINTERNAL = -26,   /**< a fault of the library: please report it */
  RAET_EUNKNOWN = -27,    /**< the message may have arrived: its answer was lost, or the remote lost its memory */
  RAET_ESTORE = -28,      /**< the store's content is damaged or does not fit; nothing was changed in it */
  RAET_ELOCKED = -29      /**< another process uses the store */
};

/** Kinds of events; raet_event_name() has their names. */
enum {
  RAET_EV_MESSAGE = 1,       /**< a message came: remote, name, body, body_kind */
  RAET_EV_DELIVERED = 2,     /**< a sent message has ended well: the remote's library has it whole, ready for its
                                  application: remote, txn, tag. Terminal. On a lane: the kernel holds all of it in the
                                  yard's socket; it is lost when the yard's process ends before it reads it. */
  RAET_EV_FAILED = 3,        /**< a sent message ended otherwise: status, remote, txn, tag. Terminal. RAET_EUNKNOWN when
                                  it may have arrived; with every other status it did not. RAET_EREJECTED and
                                  RAET_EPENDING when it waited to its limit for a join that had ended so */
  RAET_EV_WRITABLE = 4,      /**< after RAET_EAGAIN from raet_send(): a quarter of the queue to remote is free; a large
                                  message may find RAET_EAGAIN again */
  RAET_EV_JOINED = 5,        /**< a join ended: status; RAET_OK when the remote is joined now. With RAET_EPENDING and
                                  txn 0: it goes on, but waits for a person */
  RAET_EV_ALLOWED = 6,       /**< an allow ended: status; RAET_OK when messages can pass now */
  RAET_EV_ALIVE = 7,         /**< the remote is there (again), or an alive ended: status */
  RAET_EV_DEAD = 8,          /**< the remote does not answer any more; of a yard: nobody has its socket open. Its
                                  messages end with RAET_EDEAD. A yard that raet_remote_add() did not add is removed
                                  instead */
  RAET_EV_REAPED = 9,        /**< the remote was dead for so long that no heartbeats are sent any more */
  RAET_EV_KEY_PENDING = 10,  /**< a person has to accept or reject the keys of role `name`: raet_role_set_status();
                                  status RAET_EPENDING */
  RAET_EV_KEY_CHANGED = 11,  /**< role `name` came with other keys than stored; status: RAET_OK taken,
                                  RAET_EREJECTED not. Told once, until something is decided on the role */
  RAET_EV_REMOTE_ADDED = 12, /**< a remote joined, or a yard sent, that was not known: remote, name */
  RAET_EV_REMOTE_GONE = 13,  /**< a remote was removed: remote, name */
  RAET_EV_ERROR = 14,        /**< something failed that no call can report: status, os_errno, name says what */
  RAET_EV_CLOSED = 15,       /**< the stack is closed; the last event */
  RAET_EV_UNDELIVERED = 16,  /**< after RAET_EV_DELIVERED of raet_router_send(): a router further on could not place the
                                  message: status (RAET_ENOTFOUND no such estate, yard or share, RAET_EREJECTED not
                                  allowed there, or how the next hop failed), destination, txn, tag */
  RAET_EV_REFUSED = 17       /**< audit: a router refused a message that came. status RAET_EREJECTED by a rule or for a
                                  forged source, RAET_EPROTO when its route cannot be read; stack and remote: who sent
                                  it, source: what was proved of him, destination, share; name: why. At most 1,024 wait;
                                  more are only counted ("audit_lost") */
};

/** Kinds of stacks. */
enum {
  RAET_KIND_ROAD = 1, /**< an estate on a road: UDP */
  RAET_KIND_LANE = 2  /**< a yard on a lane: Unix sockets between the processes of one machine (PROTOCOL 13) */
};

/** Types of settings, as raet_config_key() tells them. */
enum { RAET_TYPE_U64 = 1, RAET_TYPE_STR = 2, RAET_TYPE_BYTES = 3 };

/**
 * Settings of a configuration and properties of stacks and remotes. Type, default, and where it holds: C configuration,
 * S raet_stack_get_u64/str(), R raet_remote_get_u64/str(). All but those under "Lanes" hold for roads; a lane has
 * besides RAET_KEY_NAME, _DIR, _ENDPOINT (SR: the path of the socket), _MAX_REMOTES, _MAX_MESSAGE, _SEND_QUEUE,
 * _RECEIVE_QUEUE, _MESSAGE_TIMEOUT_NS, _SOCKET_BUFFER, _ALIVED and _QUEUED. Its remotes are the other yards.
 */
enum {
  /* Who it is. */
  RAET_KEY_NAME = 1,            /**< str, CSR: name of the estate, unique on the road (PROTOCOL 3.1). Needed unless
                                     stored. */
  RAET_KEY_ROLE = 2,            /**< str, CSR: the role whose keys it has. Default: its name. */
  RAET_KEY_KIND = 9,            /**< u64, CSR: the application's own number for the estate, 0..255. Default 0. */
  RAET_KEY_SIGN_SEED = 10,      /**< bytes[32], C: Ed25519 seed. Default: stored, else made. */
  RAET_KEY_PRIVATE = 11,        /**< bytes[32], C: Curve25519 secret key. Default: stored, else made. */
  RAET_KEY_ENDPOINT = 3,        /**< str, CSR: address and port, as "127.0.0.1:7530", "[::1]:7530". Port 0: the system
                                     chooses. No names of hosts. Default "0.0.0.0:7530". */

  /* Where that is kept. */
  RAET_KEY_DIR = 4,             /**< str, C: folder of the store. Default: none, nothing is kept over a restart. */
  RAET_KEY_STORE_KIND = 5,      /**< u64, C: RAET_BODY_JSON (default) or RAET_BODY_MSGPACK: form of new files. */

  /* Whom it takes. */
  RAET_KEY_MAIN = 6,            /**< u64, CSR: 1 for a main estate, which others may join. Default 0. */
  RAET_KEY_MUTABLE = 7,         /**< u64, CS: 1 lets known remotes change name, role or keys by a join. Default 0. */
  RAET_KEY_ACCEPT = 8,          /**< u64, CS: RAET_ACCEPT_...: whose keys are accepted. Default RAET_ACCEPT_NEVER. */
  RAET_KEY_MAX_REMOTES = 25,    /**< u64, CS: most remotes. Default 10,000. */
  RAET_KEY_MAX_PENDING = 26,    /**< u64, CS: most roles waiting for acceptance. Default 1,000. */

  /* How it writes and reads. */
  RAET_KEY_HEAD_KIND = 12,      /**< u64, CS: RAET_HEAD_RAET (default) or RAET_HEAD_JSON: heads sent. */
  RAET_KEY_BODY_KIND = 13,      /**< u64, CS: RAET_BODY_JSON (default) or RAET_BODY_MSGPACK: own bodies, as of joins. */
  RAET_KEY_SIGN = 14,           /**< u64, CS: 0 sends messages unsigned, for laboratories. Default 1. */
  RAET_KEY_ENCRYPT = 15,        /**< u64, CS: 0 sends messages in clear, for laboratories. Default 1. */
  RAET_KEY_ACCEPT_UNSIGNED = 16, /**< u64, CS: 1 takes unsigned packets from remotes. Default 0. Unsafe. */
  RAET_KEY_ACCEPT_CLEAR = 17,   /**< u64, CS: 1 takes messages that are signed but not encrypted. Default 0. */

  /* Heartbeats. */
  RAET_KEY_PERIOD_NS = 18,      /**< u64, CS: heartbeat period. Default 1 s. 0: no heartbeats. */
  RAET_KEY_OFFSET_NS = 19,      /**< u64, CS: added to the period when not a main estate. Default 0.5 s. */
  RAET_KEY_INTERIM_NS = 20,     /**< u64, CS: a main reaps a remote dead for so long. Default 3,600 s. 0: never.
                                     None that raet_connect() keeps. */

  /* Messages. */
  RAET_KEY_MAX_MESSAGE = 21,    /**< u64, CS: longest body sent or received. Default and limit RAET_MESSAGE_MAX. */
  RAET_KEY_SEND_QUEUE = 22,     /**< u64, CS: bytes of messages waiting or under way per remote; each that waits counts
                                     64 more. An empty queue takes any message. Default 128 MiB. */
  RAET_KEY_RECEIVE_QUEUE = 23,  /**< u64, CS: bytes of messages received or half received in the stack; on a lane,
                                     bytes of either. One that is larger is refused. Default 256 MiB. */
  RAET_KEY_MESSAGE_TIMEOUT_NS = 24, /**< u64, CS: limit of a raet_send() that gives 0. Default 300 s. */
  RAET_KEY_WINDOW = 28,         /**< u64, CS: most datagrams under way to a remote. Default 512. */
  RAET_KEY_SOCKET_BUFFER = 27,  /**< u64, CS: receive and send buffer asked of the system, bytes. Default 4 MiB. */

  /* Lanes (PROTOCOL 13.1). RAET_KEY_NAME is the yard's name, and needed; RAET_KEY_DIR the absolute path of the folder
     of the lane's sockets, by default "/var/cache/raet". Names are printable ASCII without space and slash, at most 100
     bytes, that of a yard without a dot; a path is at most 107 bytes. */
  RAET_KEY_LANE = 29,           /**< str, CS: name of the lane. Default "lane". */
  RAET_KEY_ACCEPT_STRANGERS = 30, /**< u64, CS: 1 adds yards that are not known with their first page, 0 drops what they
                                     send. Default 1. */

  /* Properties of remotes, to be read. */
  RAET_KEY_NEAR_ID = 40,        /**< u64, R: number of the remote here (PROTOCOL 3.2). */
  RAET_KEY_FAR_ID = 41,         /**< u64, R: number of this estate there; 0 before it is joined. */
  RAET_KEY_JOINED = 42,         /**< u64, R: 1 when joined. */
  RAET_KEY_ALLOWED = 43,        /**< u64, R: 1 when allowed: messages can pass. */
  RAET_KEY_ALIVED = 44,         /**< u64, R: 1 when heard of lately, 0 when not or not known. */
  RAET_KEY_REAPED = 45,         /**< u64, R: 1 when reaped. */
  RAET_KEY_ACCEPTANCE = 46,     /**< u64, R: RAET_PENDING, RAET_ACCEPTED or RAET_REJECTED. */
  RAET_KEY_RTT_NS = 47,         /**< u64, R: smoothed round-trip time, 0 before the first measure. */
  RAET_KEY_QUEUED = 48,         /**< u64, R: bytes of messages waiting or under way, as they are. */
  RAET_KEY_IN_FLIGHT = 49,      /**< u64, R: datagrams of messages sent and not yet answered. */
  RAET_KEY_SESSION = 50,        /**< u64, R: number of the present session, as this side counts. */
  RAET_KEY_PEER_PID = 51,       /**< u64, R: a yard's process, as the kernel told with its last page. RAET_ENOTFOUND
                                     before the first; so are these two: */
  RAET_KEY_PEER_UID = 52,       /**< u64, R: its effective user. */
  RAET_KEY_PEER_GID = 53        /**< u64, R: its effective group. */
};

/** Acceptance of a role's keys. */
enum { RAET_PENDING = 0, RAET_ACCEPTED = 1, RAET_REJECTED = 2 };
/** Whose keys a stack accepts without a person (PROTOCOL 6.3). */
enum {
  RAET_ACCEPT_NEVER = 0, /**< none: new keys wait as pending */
  RAET_ACCEPT_ONCE = 1,  /**< the first keys of a role; others are rejected later */
  RAET_ACCEPT_ALWAYS = 2 /**< all, also changed ones where the stack is mutable: an open road, for laboratories */
};
/** Kinds of bodies. JSON and msgpack bodies are mappings; zero bytes are an empty one. */
enum { RAET_BODY_NONE = 0, RAET_BODY_JSON = 1, RAET_BODY_RAW = 2, RAET_BODY_MSGPACK = 3 };
/** Kinds of heads. */
enum { RAET_HEAD_RAET = 0, RAET_HEAD_JSON = 1 };
/** Levels of the log. */
enum { RAET_LOG_OFF = 0, RAET_LOG_ERROR = 1, RAET_LOG_WARN = 2, RAET_LOG_INFO = 3, RAET_LOG_DEBUG = 4 };
/** What a host waits for on raet_stack_fd(). */
enum { RAET_WANT_READ = 1, RAET_WANT_WRITE = 2 };
/** Directions of a transfer. */
enum { RAET_SENDING = 1, RAET_RECEIVING = 2 };

/**
 * An event. Owned by the library and only ever appended to: fields that lie past `size` do not exist. An event and all
 * it points to are valid until the next raet_stack_service(), _input(), _next_event(), _dispatch(), _close() or _free()
 * of its stack (in a dispatch callback: until that returns), or until raet_event_free() after raet_event_detach().
 */
typedef struct raet_event {
  uint32_t size;                /**< bytes of this structure */
  raet_enum type;               /**< RAET_EV_... */
  raet_status status;           /**< how it ended */
  int32_t os_errno;             /**< errno of the system, with RAET_EIO */
  raet_remote remote;           /**< the remote it concerns, or 0 */
  raet_txn txn;                 /**< the transaction of the host's that it ends, or 0 */
  uint64_t tag;                 /**< what the host gave raet_send() */
  uint64_t time_ns;             /**< the `now` at which it happened */
  const uint8_t * RAET_OPT body; /**< the body's bytes, NULL when there are none */
  size_t body_len;              /**< bytes of the body */
  raet_enum body_kind;          /**< RAET_BODY_... */
  uint32_t flags;               /**< 0 */
  const char * RAET_OPT name;   /**< name of the remote (its endpoint before it is known), of the role
                                     (RAET_EV_KEY_...), or what failed (RAET_EV_ERROR) */
  int64_t pid;                  /**< process that sent a message on a lane, as the kernel told; else -1 */
  uint32_t uid;                 /**< its effective user; else UINT32_MAX */
  uint32_t gid;                 /**< its effective group; else UINT32_MAX */
  raet_stack * RAET_OPT stack;  /**< in events of a router: the attached stack that it concerns; else NULL */
  const char * RAET_OPT source; /**< in events of a router: where a message came from, proved and ready to be a
                                     destination; else NULL */
  const char * RAET_OPT destination; /**< where a routed message goes; NULL when it has no route, and in
                                     RAET_EV_DELIVERED of one that the host sent to itself */
  const char * RAET_OPT share;  /**< the share that a routed message is for; NULL: none in particular */
} raet_event;

/** Takes an event in raet_stack_dispatch(). */
typedef void (*raet_event_fn)(void * RAET_OPT user, raet_stack * RAET_NN stack, const raet_event * RAET_NN event);
/** Takes a line of the log, `len` bytes and a NUL, without a line end or other control characters. Never
 *  holds keys or bodies. */
typedef void (*raet_log_fn)(void * RAET_OPT user, raet_enum level, const char * RAET_NN line, size_t len);
/** Told when descriptor interest or deadline changed outside raet_stack_service(). */
typedef void (*raet_wake_fn)(void * RAET_OPT user, raet_stack * RAET_NN stack);
/** Fills `len` bytes with cryptographic randomness; anything but RAET_OK fails what needed it. */
typedef raet_status (*raet_random_fn)(void * RAET_OPT user, uint8_t * RAET_NN out, size_t len);

/**
 * A store of the host's own. Records are small (below 64 KiB) and named by keys like the files of the reference:
 * "local/estate.json", "role/local/role.json", "remote/estate.NAME.json", "role/remote/role.ROLE.json" (PROTOCOL 8).
 * NAME and ROLE are encoded as in files' names (PROTOCOL 8.1): without slashes, never ".", safe as part of a path.
 * A record is secret when its key begins with "role/local/". `store` must have made a record durable when it returns.
 */
typedef struct raet_store_ops {
  uint32_t size;  /**< sizeof(raet_store_ops) */
  uint32_t flags; /**< 0 */
  /** Copies the record into buf when its *need bytes fit into cap, else RAET_EBUFSIZE; RAET_ENOTFOUND: none. */
  raet_status (* RAET_OPT load)(void * RAET_OPT user, const char * RAET_NN key, uint8_t * RAET_OPT buf, size_t cap,
                                size_t * RAET_NN need);
  /** Replaces the record as a whole; removes it when buf is NULL. */
  raet_status (* RAET_OPT store)(void * RAET_OPT user, const char * RAET_NN key, const uint8_t * RAET_OPT buf,
                                 size_t len);
  /** Gives the key that follows `after` ("" for the first) in any lasting order; RAET_ENOTFOUND after the last. */
  raet_status (* RAET_OPT next)(void * RAET_OPT user, const char * RAET_NN after, char * RAET_OPT buf, size_t cap,
                                size_t * RAET_NN need);
} raet_store_ops;

/** Takes an event in raet_router_dispatch(). */
typedef void (*raet_router_fn)(void * RAET_OPT user, raet_router * RAET_NN router, const raet_event * RAET_NN event);

/** Settings of a router. */
enum {
  RAET_ROUTER_ESTATE = 1, /**< str: name of this estate; NULL: that of the first attached road. A process without a road
                               needs none: it takes for its own what comes by its lane for its yard. With one, its
                               host can send to itself, and to its manor, by the estate's name */
  RAET_ROUTER_MANOR = 2,  /**< str: the yard that takes what this process cannot place itself, and whose word on who
                               sent a message is believed; for processes without a road. NULL: none */
  RAET_ROUTER_RELAY = 3,  /**< u64: hands messages on between other estates when fewer than so many routers have handed
                               them on before; never back where they came from. At most 16. Default 0: not at all */
  RAET_ROUTER_VIA = 4     /**< str: the estate that takes what is for estates not known here: a relay. NULL: none */
};
/** Flags of raet_router_send(). */
enum {
  RAET_ROUTE_CONFIRM = 1 /**< the one end is told when the last router has spoken: RAET_EV_DELIVERED when the
                              destination's host has the message to take, RAET_EV_FAILED else; RAET_EUNKNOWN when no
                              word came in time, as from a peer that is no libraet */
};

/** @name Library. Any thread.
 * @{ */
/** Version of the library: major << 16 | minor << 8 | patch. */
RAET_API uint32_t raet_version(void);
/** Version of the library as "0.1.0". Static. */
RAET_API const char * RAET_NN raet_version_string(void);
/** 1 when the library has the feature of this name ("road", "ipv6", "lane", "router"), else 0. */
RAET_API int32_t raet_has(const char * RAET_NN feature);
/** Name of a status, as "RAET_EAGAIN"; "RAET_E?" for an unknown one. Static. */
RAET_API const char * RAET_NN raet_status_name(raet_status status);
/** A sentence that explains a status. Static. */
RAET_API const char * RAET_NN raet_status_text(raet_status status);
/** Name of an event's type, as "MESSAGE"; "?" for an unknown one. Static. */
RAET_API const char * RAET_NN raet_event_name(raet_enum type);
/** The path of a yard's socket, "DIR/LANE.YARD.uxd" (PROTOCOL 13.1). NULL for `dir` or `lane`: the default.
 *  RAET_EINVAL: a name that cannot be, a folder that is not absolute, or a path too long for a socket;
 *  RAET_EBUFSIZE. */
RAET_API raet_status raet_yard_path(const char * RAET_OPT dir, const char * RAET_OPT lane, const char * RAET_NN yard,
                                    char * RAET_OPT buf, size_t cap, size_t * RAET_NN need);
/** The system's monotonic clock, for hosts without one of their own. */
RAET_API uint64_t raet_now(void);
/** @} */

/** @name Configuration. A configuration belongs to one thread at a time and may be freed once the stack is made.
 * @{ */
/** Makes a configuration with the defaults for a kind of stack, RAET_KIND_... The host frees it. RAET_ENOTSUP: this
 *  library has no such kind. RAET_ENOMEM: 65,536 configurations and stacks are alive. */
RAET_API raet_status raet_config_new(raet_enum kind, raet_config * RAET_OPT * RAET_NN out);
/** Frees a configuration and wipes the keys in it. NULL does nothing. */
RAET_API void raet_config_free(raet_config * RAET_OPT config);
/** Sets a number. RAET_EINVAL: no such key for a configuration, other type, or out of range. */
RAET_API raet_status raet_config_set_u64(raet_config * RAET_NN config, raet_enum key, uint64_t value);
/** Sets a string; NULL brings the default back. RAET_EINVAL as above, or not UTF-8, or no name or endpoint. */
RAET_API raet_status raet_config_set_str(raet_config * RAET_NN config, raet_enum key, const char * RAET_OPT value);
/** Sets bytes; NULL with 0 brings the default back. RAET_EINVAL as above, or another length than the key has. */
RAET_API raet_status raet_config_set_bytes(raet_config * RAET_NN config, raet_enum key, const uint8_t * RAET_OPT value,
                                           size_t len);
/** Why the last setter or raet_stack_new() with this configuration failed; "" when it did not, or there is nothing to
 *  add. Valid until the next call with it. */
RAET_API const char * RAET_NN raet_config_error(const raet_config * RAET_NN config);
/** Sets a store of the host's; the functions are copied, `user` is handed to them. NULL: none. Replaces RAET_KEY_DIR.
 *  RAET_EINVAL: a function is missing, or `size` or `flags` is wrong; RAET_ENOTSUP: a lane has no store. */
RAET_API raet_status raet_config_set_store(raet_config * RAET_NN config, const raet_store_ops * RAET_OPT ops,
                                           void * RAET_OPT user);
/** Sets a source of randomness; NULL brings libsodium's back. */
RAET_API raet_status raet_config_set_random(raet_config * RAET_NN config, raet_random_fn RAET_OPT fn,
                                            void * RAET_OPT user);
/** Finds a setting's key and its type (RAET_TYPE_...) by its name in lower case, as "max_message". RAET_ENOTFOUND: no
 *  setting has this name; properties that are only read (R) are not found. */
RAET_API raet_status raet_config_key(const char * RAET_NN name, raet_enum * RAET_NN key, raet_enum * RAET_OPT type);
/** @} */

/** @name Life of a stack.
 * @{ */
/**
 * Makes a stack: loads or makes its identity and loads its remotes. Opens no socket: a host may drive the stack by
 * raet_stack_input() and raet_stack_output() alone. The host frees it.
 * raet_config_error() tells why it fails. RAET_EINVAL: no name, or settings that do not go together; RAET_ESTORE: the
 * identity's files are damaged (they are left as they are), or belong to another name or other keys; RAET_ELOCKED;
 * RAET_EIO; RAET_ECRYPTO: keys that are not valid, or no randomness. Damaged files of remotes are left as they are and
 * reported by RAET_EV_ERROR events.
 */
RAET_API raet_status raet_stack_new(const raet_config * RAET_NN config, uint64_t now,
                                    raet_stack * RAET_OPT * RAET_NN out);
/**
 * Opens the stack's socket. RAET_EIO: see raet_stack_error(). RAET_ESTATE: it has one, or is closed.
 * A lane makes its folder where it is missing, for its owner alone (mode 0700), and removes what a process that has
 * ended left at the socket's path (PROTOCOL 13.1). RAET_EEXIST: a process that is alive has the yard; RAET_ESTORE: the
 * folder is a symbolic link, of another user, or others may write in it, or something else lies at the path;
 * RAET_ELOCKED: another process opens a yard there for more than 0.1 s, for which this waits.
 */
RAET_API raet_status raet_stack_open(raet_stack * RAET_NN stack, uint64_t now);
/** Takes over an open UDP socket in place of raet_stack_open(); the stack closes it. RAET_EINVAL: not such a socket;
 *  RAET_ESTATE: it has one, or is closed; RAET_EIO; RAET_ENOTSUP: a lane. */
RAET_API raet_status raet_stack_adopt_fd(raet_stack * RAET_NN stack, int32_t fd, uint64_t now);
/**
 * Closes the stack: nothing new is sent or taken. Messages under way have `linger_ns` to end; then, or at once with 0,
 * each ends with its terminal event and RAET_EV_CLOSED comes last. Service the stack until then. The remotes are not
 * told: they see RAET_EV_DEAD at their next heartbeats, within some 3 s. RAET_ECLOSED: it was closed before.
 */
RAET_API raet_status raet_stack_close(raet_stack * RAET_NN stack, uint64_t now, uint64_t linger_ns);
/** Frees the stack, its events and its socket, and wipes its keys, closed or not. NULL does nothing. */
RAET_API void raet_stack_free(raet_stack * RAET_OPT stack);
/** What the last failed call on this stack has to add to its status; "" when nothing. Valid until the next call. */
RAET_API const char * RAET_NN raet_stack_error(const raet_stack * RAET_NN stack);
/** Reads a property marked S. RAET_ENOTFOUND: no such property, or of another type. */
RAET_API raet_status raet_stack_get_u64(const raet_stack * RAET_NN stack, raet_enum key, uint64_t * RAET_NN out);
/** Reads a property marked S; RAET_KEY_ENDPOINT has the port that the system chose. RAET_ENOTFOUND, RAET_EBUFSIZE. */
RAET_API raet_status raet_stack_get_str(const raet_stack * RAET_NN stack, raet_enum key, char * RAET_OPT buf,
                                        size_t cap, size_t * RAET_NN need);
/** @} */

/** @name Loop. Wait until raet_stack_fd() is ready or raet_stack_deadline() is reached, service, take the events.
 * @{ */
/** The descriptor to wait on, level-triggered; -1 without a socket. It stays the same until close. That of a lane is no
 *  socket, but becomes readable for all that it waits for. */
RAET_API int32_t raet_stack_fd(const raet_stack * RAET_NN stack);
/** What to wait for: RAET_WANT_READ, with RAET_WANT_WRITE while datagrams wait for room in the socket. */
RAET_API uint32_t raet_stack_interest(const raet_stack * RAET_NN stack);
/**
 * When to service next even if the descriptor is silent; a time that has passed: at once; RAET_NEVER: not at all. Calls
 * outside raet_stack_service() can leave events, too: take them before you wait.
 */
RAET_API uint64_t raet_stack_deadline(const raet_stack * RAET_NN stack);
/** The deadline as poll() takes it: milliseconds from `now`, rounded up; 0 for at once, -1 for not at all. */
RAET_API int32_t raet_stack_timeout_ms(const raet_stack * RAET_NN stack, uint64_t now);
/**
 * Receives at most `max_packets` datagrams (0: 256), runs what is due, sends. When more wait, the deadline is `now`.
 * RAET_OK also when single datagrams were bad; RAET_EIO when the socket is broken for good; RAET_ECLOSED after
 * RAET_EV_CLOSED.
 */
RAET_API raet_status raet_stack_service(raet_stack * RAET_NN stack, uint64_t now, uint32_t max_packets);
/** Takes the next event. RAET_EAGAIN: there is none. */
RAET_API raet_status raet_stack_next_event(raet_stack * RAET_NN stack, const raet_event * RAET_OPT * RAET_NN out);
/** Hands at most `max_events` (0: all there are) events to fn. */
RAET_API raet_status raet_stack_dispatch(raet_stack * RAET_NN stack, raet_event_fn RAET_NN fn, void * RAET_OPT user,
                                         uint32_t max_events);
/** Makes the event, which must be the last one taken, the host's: valid until raet_event_free(), even after the stack.
 *  RAET_EINVAL: it is not the last one taken. */
RAET_API raet_status raet_event_detach(raet_stack * RAET_NN stack, const raet_event * RAET_NN event);
/** Frees a detached event. Any thread. NULL does nothing. */
RAET_API void raet_event_free(const raet_event * RAET_OPT event);
/** Sets the function that is told when interest or deadline changed outside raet_stack_service(). NULL: none. */
RAET_API raet_status raet_stack_set_wake(raet_stack * RAET_NN stack, raet_wake_fn RAET_OPT fn, void * RAET_OPT user);
/** @} */

/** @name Remotes.
 * @{ */
/**
 * Adds a remote to join. A name is what it must call itself: a join that brings another is rejected. With NULL the name
 * is learnt in the join. `endpoint` as RAET_KEY_ENDPOINT, with a port. RAET_EEXIST: the name is known, or with NULL the
 * endpoint, as from the store; *out is that remote. RAET_EINVAL: no endpoint to send to, or no name, or that of this
 * estate; RAET_EAGAIN: RAET_KEY_MAX_REMOTES; RAET_ECLOSED.
 * On a lane: adds a yard by its name, and `endpoint` has to be NULL, since where it is follows from that. A yard that
 * was added so stays known when its process ends, also one that was known already (RAET_EEXIST).
 */
RAET_API raet_status raet_remote_add(raet_stack * RAET_NN stack, const char * RAET_OPT name,
                                     const char * RAET_OPT endpoint, raet_remote * RAET_NN out);
/** Tells where a known remote is now. RAET_EINVAL: no endpoint to send to; RAET_ENOTFOUND; RAET_EIO; RAET_ECLOSED;
 *  RAET_ENOTSUP: a lane. */
RAET_API raet_status raet_remote_set_endpoint(raet_stack * RAET_NN stack, raet_remote remote,
                                              const char * RAET_NN endpoint, uint64_t now);
/** Removes a remote, here and in the store; its role's keys stay. Its messages end with RAET_ECANCELED, or with
 *  RAET_EUNKNOWN when they may have arrived. RAET_ENOTFOUND; RAET_EIO: the store does not let it go. */
RAET_API raet_status raet_remote_remove(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now);
/** Finds a remote by its name; by its endpoint as text, as long as no name is known. RAET_ENOTFOUND. */
RAET_API raet_status raet_remote_find(const raet_stack * RAET_NN stack, const char * RAET_NN name,
                                      raet_remote * RAET_NN out);
/** The remote that follows `after`, 0 for the first, in the order they were added. RAET_ENOTFOUND after the last. */
RAET_API raet_status raet_remote_next(const raet_stack * RAET_NN stack, raet_remote after, raet_remote * RAET_NN out);
/** Reads a property marked R. RAET_ENOTFOUND: no such remote or property. */
RAET_API raet_status raet_remote_get_u64(const raet_stack * RAET_NN stack, raet_remote remote, raet_enum key,
                                         uint64_t * RAET_NN out);
/** Reads a property marked R. RAET_ENOTFOUND, RAET_EBUFSIZE. */
RAET_API raet_status raet_remote_get_str(const raet_stack * RAET_NN stack, raet_remote remote, raet_enum key,
                                         char * RAET_OPT buf, size_t cap, size_t * RAET_NN need);
/** @} */

/** @name Connecting. One call for all of it, or the three transactions by themselves. On a lane, where whoever can
 * reach the folder is connected, all of them give RAET_ENOTSUP.
 * @{ */
/**
 * Connects to a remote and keeps it so: joins, allows, sends heartbeats, and does again what is lost, until
 * raet_disconnect(). RAET_EV_JOINED, _ALLOWED, _ALIVE and _DEAD tell how it goes, with txn 0; a join that ends with
 * RAET_EPENDING, RAET_EREFUSED, RAET_EREJECTED or RAET_ETIMEDOUT is tried again by itself, after 1 s at first, later
 * every 30 s (every 5 s after RAET_EPENDING), and told again only when its status is another one, or after a
 * raet_disconnect().
 * RAET_ENOTFOUND; RAET_ECLOSED.
 */
RAET_API raet_status raet_connect(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now);
/** Stops keeping the connection: no heartbeats, no new attempts. What is known of the remote stays. RAET_ENOTFOUND. */
RAET_API raet_status raet_disconnect(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now);
/**
 * Joins: exchanges long-term keys (PROTOCOL 6.2). Ends with RAET_EV_JOINED and *out as txn. `timeout_ns`: 0 for 5 s,
 * RAET_NEVER for none. RAET_ESTATE: a join is under way with this remote; RAET_ENOTFOUND; RAET_ECLOSED.
 */
RAET_API raet_status raet_join(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now, uint64_t timeout_ns,
                               raet_txn * RAET_OPT out);
/**
 * Allows: the CurveCP handshake for new short-term keys (PROTOCOL 6.4). Ends with RAET_EV_ALLOWED. `timeout_ns`: 0 for
 * 4 s. RAET_EUNJOINED; RAET_ESTATE: an allow is under way; RAET_ECRYPTO: no randomness; RAET_ENOTFOUND; RAET_ECLOSED.
 */
RAET_API raet_status raet_allow(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now, uint64_t timeout_ns,
                                raet_txn * RAET_OPT out);
/** One heartbeat (PROTOCOL 6.5). Ends with RAET_EV_ALIVE. `timeout_ns`: 0 for 2 s. RAET_EUNJOINED; RAET_EUNALLOWED;
 *  RAET_ESTATE: one is under way; RAET_ENOTFOUND; RAET_ECLOSED. */
RAET_API raet_status raet_alive(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now, uint64_t timeout_ns,
                                raet_txn * RAET_OPT out);
/** @} */

/** @name Messages.
 * @{ */
/**
 * Sends a message to a remote (PROTOCOL 7). It is queued until the remote is allowed and ends in exactly one
 * RAET_EV_DELIVERED or RAET_EV_FAILED with `tag` and *out as txn. It does not join: unless the remote joins this
 * estate, raet_connect() or raet_join() has to. A body of kind JSON or msgpack must be a mapping.
 * Messages may arrive in another order than they were sent.
 * To a yard on a lane (PROTOCOL 13.2) it waits while the queue of the yard's socket is full, without holding up others;
 * messages to one yard arrive in order. Bodies are JSON or msgpack: RAET_ENOTSUP for others. RAET_ECRYPTO: no
 * randomness. It fails with RAET_EDEAD when nobody has the yard's socket open, with RAET_EIO when the kernel refuses
 * it. `timeout_ns`: 0 for RAET_KEY_MESSAGE_TIMEOUT_NS, RAET_NEVER for no limit. Where a message has an earlier limit
 * than one before it, limits may count 100 ns later for each message that waits for the remote. The body is copied.
 * RAET_EAGAIN: the queue is full, RAET_EV_WRITABLE will come; RAET_EMSGSIZE: more than RAET_KEY_MAX_MESSAGE;
 * RAET_EENCODE; RAET_ENOTFOUND; RAET_ECLOSED.
 */
RAET_API raet_status raet_send(raet_stack * RAET_NN stack, raet_remote remote, uint64_t now, raet_enum body_kind,
                               const uint8_t * RAET_OPT body, size_t len, uint64_t timeout_ns, uint64_t tag,
                               raet_txn * RAET_OPT out);
/** How many bytes raet_send() would take for this remote now. RAET_ENOTFOUND. */
RAET_API raet_status raet_send_capacity(const raet_stack * RAET_NN stack, raet_remote remote, uint64_t * RAET_NN bytes);
/** Ends a transaction of the host's before its time, with RAET_ECANCELED in its event (RAET_EUNKNOWN when a message may
 *  have arrived). RAET_ENOTFOUND: there is none, or it has ended. */
RAET_API raet_status raet_txn_cancel(raet_stack * RAET_NN stack, raet_txn txn, uint64_t now);
/** The transfer that follows `after`, 0 for the first: messages that wait, are sent or are received now. RAET_ENOTFOUND
 *  after the last. */
RAET_API raet_status raet_transfer_next(const raet_stack * RAET_NN stack, raet_txn after, raet_txn * RAET_NN out);
/**
 * How far a transfer is: its remote, RAET_SENDING or RAET_RECEIVING, and bytes of the body that have arrived out of all
 * (while receiving, some 40 more of its wrapping). `txn` may be what raet_send() gave, at once. No event tells of
 * progress: ask after raet_stack_service(). RAET_ENOTFOUND: it has ended; RAET_EV_DELIVERED or RAET_EV_MESSAGE tells
 * whether well.
 */
RAET_API raet_status raet_transfer_progress(const raet_stack * RAET_NN stack, raet_txn txn,
                                            raet_remote * RAET_OPT remote, raet_enum * RAET_OPT direction,
                                            uint64_t * RAET_OPT done, uint64_t * RAET_OPT total);
/** @} */

/** @name Keys and acceptance. Acceptance is kept by role (PROTOCOL 6.3). A lane has neither: RAET_ENOTSUP.
 * @{ */
/** Makes a pair of secret keys, from libsodium's randomness. The host wipes them. RAET_ECRYPTO. Any thread. */
RAET_API raet_status raet_keys_generate(uint8_t * RAET_NN sign_seed32, uint8_t * RAET_NN private32);
/** The public keys that belong to secret ones. Any thread. */
RAET_API raet_status raet_keys_public(const uint8_t * RAET_NN sign_seed32, const uint8_t * RAET_NN private32,
                                      uint8_t * RAET_NN verify32, uint8_t * RAET_NN public32);
/** The public keys of the stack's own estate: what others pin by raet_role_set_keys(). They are new at each start
 *  unless there is a store, or the host gives RAET_KEY_SIGN_SEED and RAET_KEY_PRIVATE. */
RAET_API raet_status raet_stack_keys(const raet_stack * RAET_NN stack, uint8_t * RAET_NN verify32,
                                     uint8_t * RAET_NN public32);
/** Acceptance of a role's keys: RAET_PENDING, RAET_ACCEPTED, RAET_REJECTED. RAET_ENOTFOUND: the role is not known. */
RAET_API raet_status raet_role_status(const raet_stack * RAET_NN stack, const char * RAET_NN role,
                                      raet_enum * RAET_NN out);
/** Accepts, rejects or pends a known role's keys; joins that wait for it go on, and remotes of a role that is accepted
 *  no more are cut off. RAET_ENOTFOUND; RAET_EIO. */
RAET_API raet_status raet_role_set_status(raet_stack * RAET_NN stack, const char * RAET_NN role, raet_enum acceptance,
                                          uint64_t now);
/** Pins a role's keys and accepts them, before it ever joins; joins that wait for it go on. RAET_EEXIST: the role has
 *  other keys; RAET_ECRYPTO: no keys can be so; RAET_EINVAL: no role can be called so; RAET_EIO. */
RAET_API raet_status raet_role_set_keys(raet_stack * RAET_NN stack, const char * RAET_NN role,
                                        const uint8_t * RAET_NN verify32, const uint8_t * RAET_NN public32,
                                        uint64_t now);
/** The public keys of a known role. RAET_ENOTFOUND. */
RAET_API raet_status raet_role_keys(const raet_stack * RAET_NN stack, const char * RAET_NN role,
                                    uint8_t * RAET_NN verify32, uint8_t * RAET_NN public32);
/** Forgets a role's keys. RAET_ESTATE: a remote has this role; RAET_ENOTFOUND; RAET_EIO. */
RAET_API raet_status raet_role_forget(raet_stack * RAET_NN stack, const char * RAET_NN role, uint64_t now);
/** The role that follows `after` ("" for the first) in alphabetic order of bytes. RAET_ENOTFOUND, RAET_EBUFSIZE. */
RAET_API raet_status raet_role_next(const raet_stack * RAET_NN stack, const char * RAET_NN after, char * RAET_OPT buf,
                                    size_t cap, size_t * RAET_NN need);
/** @} */

/** @name Router. Leads messages between estates on roads, yards on lanes, and this process (docs/ROUTING.md,
 * PROTOCOL 14).
 *
 * A router services the stacks attached to it: on these, raet_stack_service(), _next_event(), _dispatch() and _input()
 * return RAET_ESTATE, and all of their events come through the router; everything else works as ever. A router and its
 * stacks are used by one thread at a time. The conventions for stacks hold for routers.
 *
 * A destination is text, "ESTATES/YARD/SHARE". An empty or missing part is none: this estate, the process that holds
 * the road, no share in particular. In a part, %XX is a byte; '/', ',', '=', '%', '*' and blanks must be written so.
 * ESTATES is a name, up to 16 names between commas, "role=NAME" or "kind=N": of several, the first one alive takes the
 * message, and the next one when a message certainly did not reach it.
 * @{ */
/** Makes a router without stacks. The host frees it. RAET_EIO: no descriptor; RAET_ENOMEM: too many handles. */
RAET_API raet_status raet_router_new(raet_router * RAET_OPT * RAET_NN out);
/** Frees the router; its stacks are detached and stay. NULL does nothing. */
RAET_API void raet_router_free(raet_router * RAET_OPT router);
/** Attaches a stack, before or after it is opened. RAET_ESTATE: it is attached already; RAET_ENOMEM: 64
 *  are attached. */
RAET_API raet_status raet_router_attach(raet_router * RAET_NN router, raet_stack * RAET_NN stack);
/** Lets a stack go; so does raet_stack_free(). What the router had given to it ends. RAET_ENOTFOUND: not
 *  attached here. */
RAET_API raet_status raet_router_detach(raet_router * RAET_NN router, raet_stack * RAET_NN stack, uint64_t now);
/** Sets RAET_ROUTER_RELAY. RAET_EINVAL. */
RAET_API raet_status raet_router_set_u64(raet_router * RAET_NN router, raet_enum key, uint64_t value);
/** Sets a name. RAET_EINVAL: no such setting, or no name. */
RAET_API raet_status raet_router_set_str(raet_router * RAET_NN router, raet_enum key, const char * RAET_OPT value);
/**
 * Sets who may send what (docs/ROUTING.md): a rule a line, "allow" or "refuse" and patterns that must all match, as
 * "allow estate=alpha* yard=worker* share=jobs field:cmd=ping"; the first rule that matches decides, and what none
 * matches is refused. The line "forged correct" puts forged sources right instead of refusing them. NULL or "": no
 * rules, everything is allowed whose source is proved. RAET_EINVAL: raet_router_error() has the line and the reason,
 * and the rules before stay.
 */
RAET_API raet_status raet_router_set_rules(raet_router * RAET_NN router, const char * RAET_OPT text);
/** Announces a share ("": messages for none in particular) with `open` 1, takes it back with 0. While any is announced,
 *  messages for others are reported to be undelivered; else the host gets all. RAET_EINVAL; RAET_ENOMEM: too many. */
RAET_API raet_status raet_router_set_share(raet_router * RAET_NN router, const char * RAET_NN share, uint32_t open);
/** What the last failed call on this router has to add to its status; "" when nothing. Valid until the next call. */
RAET_API const char * RAET_NN raet_router_error(const raet_router * RAET_NN router);
/** The descriptor to wait on, for reading only, level-triggered; it stays the same as long as the router lives. */
RAET_API int32_t raet_router_fd(const raet_router * RAET_NN router);
/** When to service next even if the descriptor is silent, as raet_stack_deadline(). */
RAET_API uint64_t raet_router_deadline(const raet_router * RAET_NN router);
/** The deadline as poll() takes it, as raet_stack_timeout_ms(). */
RAET_API int32_t raet_router_timeout_ms(const raet_router * RAET_NN router, uint64_t now);
/** Services all attached stacks, `max_packets` for each as in raet_stack_service(), and routes: what is handed on
 *  leaves in the same call. RAET_EIO: a stack's socket is broken for good; the others were serviced. */
RAET_API raet_status raet_router_service(raet_router * RAET_NN router, uint64_t now, uint32_t max_packets);
/** Takes the next event. It and all it points to are valid until the next raet_router_service(), _next_event(),
 *  _dispatch() or _free() of its router. RAET_EAGAIN: there is none. */
RAET_API raet_status raet_router_next_event(raet_router * RAET_NN router, const raet_event * RAET_OPT * RAET_NN out);
/** Hands at most `max_events` (0: all there are) events to fn; from inside it, raet_router_service(), _next_event() and
 *  _dispatch() return RAET_EREENTRANT, and raet_router_free() takes effect when it has returned. */
RAET_API raet_status raet_router_dispatch(raet_router * RAET_NN router, raet_router_fn RAET_NN fn,
                                          void * RAET_OPT user, uint32_t max_events);
/** Makes the event, which must be the last one taken, the host's until raet_event_free(). RAET_EINVAL. */
RAET_API raet_status raet_router_event_detach(raet_router * RAET_NN router, const raet_event * RAET_NN event);
/**
 * Sends a message, JSON or msgpack, to a destination; `route` is put into its mapping, and the rest of it stays as it
 * is. `share`: to which of this side's shares an answer goes. It ends in one RAET_EV_DELIVERED (the next hop has it) or
 * RAET_EV_FAILED with `tag` and *out as txn; RAET_EV_UNDELIVERED may follow within 300 s. `flags`: 0 or
 * RAET_ROUTE_CONFIRM. `timeout_ns` as in raet_send(); with RAET_ROUTE_CONFIRM, 0 is 300 s.
 * RAET_EINVAL: no destination; RAET_ENOTFOUND: nobody attached can place it; RAET_ENOTSUP: another kind of body;
 * RAET_EREJECTED; and as raet_send().
 */
RAET_API raet_status raet_router_send(raet_router * RAET_NN router, uint64_t now, const char * RAET_NN destination,
                                      const char * RAET_OPT share, raet_enum body_kind,
                                      const uint8_t * RAET_OPT body, size_t len, uint64_t timeout_ns, uint32_t flags,
                                      uint64_t tag, raet_txn * RAET_OPT out);
/** Answers a message of the router's: sends to where `event` came from, by the way it came if there is no other.
 *  `share` NULL: that of the message. RAET_EINVAL: the event has no source. Else as raet_router_send(). */
RAET_API raet_status raet_router_reply(raet_router * RAET_NN router, uint64_t now, const raet_event * RAET_NN event,
                                       const char * RAET_OPT share, raet_enum body_kind,
                                       const uint8_t * RAET_OPT body, size_t len, uint64_t timeout_ns, uint32_t flags,
                                       uint64_t tag, raet_txn * RAET_OPT out);
/** Ends a message of raet_router_send() before its time, as raet_txn_cancel(). RAET_ENOTFOUND: there is none, or it has
 *  ended. */
RAET_API raet_status raet_router_cancel(raet_router * RAET_NN router, raet_txn txn, uint64_t now);
/** The router's counter at an index that runs from 0 without gaps. RAET_ENOTFOUND past the last. */
RAET_API raet_status raet_router_stat_at(const raet_router * RAET_NN router, uint32_t index,
                                         const char * RAET_OPT * RAET_NN name, uint64_t * RAET_NN value);
/** The router's counter of a name, as "forwarded_road". RAET_ENOTFOUND. */
RAET_API raet_status raet_router_stat_get(const raet_router * RAET_NN router, const char * RAET_NN name,
                                          uint64_t * RAET_NN value);
/** Writes a destination of three parts, NULL for none, escaped as it must be. RAET_EINVAL: a part has more than 255
 *  bytes; RAET_EBUFSIZE. Any thread. */
RAET_API raet_status raet_route_format(const char * RAET_OPT estate, const char * RAET_OPT yard,
                                       const char * RAET_OPT share, char * RAET_OPT buf, size_t cap,
                                       size_t * RAET_NN need);
/** A part of a place, as in a message's source: 0 estate, 1 yard, 2 share, unescaped. RAET_ENOTFOUND: it has none, or
 *  more than one estate; RAET_EINVAL; RAET_EBUFSIZE. Any thread. */
RAET_API raet_status raet_route_part(const char * RAET_NN place, uint32_t part, char * RAET_OPT buf, size_t cap,
                                     size_t * RAET_NN need);
/** @} */

/** @name Statistics and log.
 * @{ */
/** The counter at an index that runs from 0 without gaps; docs/OPERATIONS.md tells what those to watch mean. The name
 *  is static. RAET_ENOTFOUND past the last. */
RAET_API raet_status raet_stat_at(const raet_stack * RAET_NN stack, uint32_t index,
                                  const char * RAET_OPT * RAET_NN name, uint64_t * RAET_NN value);
/** The counter of a name, as "messages_delivered". RAET_ENOTFOUND. */
RAET_API raet_status raet_stat_get(const raet_stack * RAET_NN stack, const char * RAET_NN name,
                                   uint64_t * RAET_NN value);
/** Sends log lines up to `level` to fn. NULL or RAET_LOG_OFF: none. */
RAET_API raet_status raet_stack_set_log(raet_stack * RAET_NN stack, raet_enum level, raet_log_fn RAET_OPT fn,
                                        void * RAET_OPT user);
/** @} */

/** @name Without sockets: the host carries the datagrams. Not on a lane: RAET_ENOTSUP.
 * @{ */
/** Parses an endpoint as RAET_KEY_ENDPOINT has it. RAET_EINVAL. Any thread. */
RAET_API raet_status raet_addr_parse(const char * RAET_NN text, raet_addr * RAET_NN out);
/** Writes an address as "127.0.0.1:7530" or "[::1]:7530". RAET_EINVAL, RAET_EBUFSIZE. Any thread. */
RAET_API raet_status raet_addr_format(const raet_addr * RAET_NN addr, char * RAET_OPT buf, size_t cap,
                                      size_t * RAET_NN need);
/** Gives the stack a datagram that came. RAET_OK whatever it holds: bad ones are dropped and counted. */
RAET_API raet_status raet_stack_input(raet_stack * RAET_NN stack, uint64_t now, const uint8_t * RAET_OPT data,
                                      size_t len, const raet_addr * RAET_NN from);
/** Takes the next datagram to send, at most 1,024 bytes. RAET_EAGAIN: none; RAET_EBUFSIZE: it stays; *len tells. */
RAET_API raet_status raet_stack_output(raet_stack * RAET_NN stack, uint64_t now, uint8_t * RAET_OPT buf, size_t cap,
                                       size_t * RAET_NN len, raet_addr * RAET_NN to);
/** Tells that a datagram to this address could not be sent; it counts as lost. */
RAET_API raet_status raet_stack_output_failed(raet_stack * RAET_NN stack, uint64_t now, const raet_addr * RAET_NN to,
                                              int32_t os_errno);
/** @} */

#ifdef __cplusplus
}
#endif
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
#endif
