//! Handwritten types whose names also occur in the macro's output.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::upper_case_acronyms,
    reason = "the types are here for what is made of them"
)]

/// Variants of everything that has some.
macro_rules! variants {
    ($($module:ident $name:ident,)*) => {$(
        pub mod $module {
            use handfast::protocol;

            #[protocol]
            #[derive(Clone, Debug)]
            pub struct Load {
                pub x: i64,
            }

            #[protocol]
            #[derive(Clone, Debug)]
            pub struct Load2 {}

            #[protocol(errors)]
            #[derive(Clone, Debug)]
            pub enum Wrong {
                #[error("one")]
                $name,
                #[error("two")]
                Second(Load),
            }

            #[protocol(errors)]
            #[derive(Clone, Debug)]
            pub enum Wronger {
                #[error("one")]
                $name(Load),
            }

            #[protocol(client)]
            #[derive(Clone, Debug)]
            pub enum Asks {
                #[message("one", reply = Load, errors = Wrong)]
                $name(Load2),
                #[message("Group.two")]
                Fields { cx: i64, app: i64, m: i64, to: i64, r: i64, fields: i64, value: i64 },
                #[message("three", stream(item = Load))]
                Stream0 { cx: i64, to: i64 },
                #[message("four", reply = Load, join = Place)]
                Join0(Load3),
            }

            #[protocol(server)]
            #[derive(Clone, Debug)]
            pub enum Says {
                #[message("one", channel = Place)]
                $name(Load),
            }

            #[protocol(channel = "{key}:{join}", join = Load3, join_more)]
            #[derive(Clone, Debug)]
            pub struct Place {
                pub key: String,
                pub join: String,
            }

            #[protocol]
            #[derive(Clone, Debug)]
            pub struct Load3 {
                pub key: String,
                pub join: String,
            }

            #[protocol(tag = "t")]
            #[derive(Clone, Debug)]
            pub enum Either {
                $name(Load),
                Second { r: i64, cx: i64, fields: i64, this: i64, pass: i64 },
            }

            #[protocol(deserialize)]
            #[derive(Clone, Debug)]
            pub enum Word {
                $name,
                Second,
            }

            #[protocol(name = "p", version = "1.0.0", client = Asks, server = Says, channels(Place), authorize_joins)]
            #[derive(Clone, Copy, Debug)]
            pub struct Marker;
        }
    )*};
}

/// Types of a name.
macro_rules! types {
    ($($module:ident $name:ident,)*) => {$(
        pub mod $module {
            pub mod structs {
                use handfast::protocol;

                #[protocol(deserialize)]
                #[derive(Clone, Debug)]
                pub struct $name {
                    pub x: Holder,
                    pub y: ::core::primitive::i64,
                }

                #[protocol(deserialize)]
                #[derive(Clone, Debug)]
                pub struct Holder(pub ::std::vec::Vec<$name>);

                #[protocol(deserialize)]
                #[derive(Clone, Debug)]
                pub struct Pair(pub $name, pub ::core::primitive::i64);

                #[protocol(client)]
                #[derive(Clone, Debug)]
                pub enum Asks {
                    #[message("one", reply = $name)]
                    One(Holder),
                }

                #[protocol(server)]
                #[derive(Clone, Debug)]
                pub enum Says {
                    #[message("one")]
                    One($name),
                }

                #[protocol(name = "p", version = "1.0.0", client = Asks, server = Says)]
                #[derive(Clone, Copy, Debug)]
                pub struct Marker;
            }

            pub mod unions {
                use handfast::protocol;

                #[protocol(tag = "t", deserialize)]
                #[derive(Clone, Debug)]
                pub enum $name {
                    One { x: ::core::primitive::i64 },
                }

                #[protocol(errors)]
                #[derive(Clone, Debug)]
                pub enum Wrong {
                    #[error("one")]
                    One($name),
                }

                #[protocol(client)]
                #[derive(Clone, Debug)]
                pub enum Asks {
                    #[message("one", errors = Wrong)]
                    One($name),
                }
                #[protocol(server)]
                #[derive(Clone, Debug)]
                pub enum Says {}

                #[protocol(name = "p", version = "1.0.0", client = Asks, server = Says)]
                #[derive(Clone, Copy, Debug)]
                pub struct Marker;
            }

            pub mod markers {
                use handfast::protocol;

                #[protocol(client)]
                #[derive(Clone, Debug)]
                pub enum Asks {}

                #[protocol(server)]
                #[derive(Clone, Debug)]
                pub enum Says {}

                #[protocol(name = "p", version = "1.0.0", client = Asks, server = Says)]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
            }

            pub mod channels {
                use handfast::protocol;

                #[protocol]
                #[derive(Clone, Debug)]
                pub struct Load {
                    pub from: ::std::string::String,
                }

                #[protocol(channel = "{from}", join = Load)]
                #[derive(Clone, Debug)]
                pub struct $name {
                    pub from: ::std::string::String,
                }

                #[protocol(client)]
                #[derive(Clone, Debug)]
                pub enum Asks {
                    #[message("one", reply = Load2, join = $name)]
                    One(Load),
                }

                #[protocol]
                #[derive(Clone, Debug)]
                pub struct Load2 {}

                #[protocol(server)]
                #[derive(Clone, Debug)]
                pub enum Says {
                    #[message("one", channel = $name)]
                    One(Load2),
                }

                #[protocol(name = "p", version = "1.0.0", client = Asks, server = Says, channels($name))]
                #[derive(Clone, Copy, Debug)]
                pub struct Marker;
            }
        }
    )*};
}

pub mod variants {
    variants! {
        a A, b B, c C, d D, e E, f F, g G, h H, i I, j J, k K, l L, m M, n N, o O, p P, q Q, r R, s S, t T, u U, v V, w W, x X, y Y,
        z Z, open Open, auth Auth, admit Admit, closed Closed, principal Principal, connect Connect, session Session,
        session_handler SessionHandler, handler Handler, handlers Handlers, context Context, server Server, client Client, server_handle ServerHandle,
        ok Ok, err Err, some Some, none None, option Option, result Result, boxed Box, vec Vec, string String, error Error,
        clone Clone, debug Debug, default Default, payload Payload, fields_ Fields1, serialize Serialize, serializer Serializer,
        read Read, write Write, bare Bare, index Index, new New, with With, into Into, from From, deref Deref, target Target, send Send,
        sync Sync, union_ Union, reply Reply, item Item, end End, table TABLE, optional OPTIONAL, absent ABSENT, key Key, decode Decode,
        encode Encode, as_str AsStr, about About, call Call, stream Stream, drop_ Drop, as_ref AsRef, display Display, other Other,
        to_owned ToOwned, try_into TryInto, r#type Type, ready Ready, request Request, publish Publish, kick Kick, state State,
    }
}

pub mod types {
    types! {
        ta A, tb B, tc C, td D, te E, tf F, tg G, th H, ti I, tj J, tk K, tl L, tm M, tn N, to O, tp P, tq Q, tr R, ts S, tt T, tu U,
        tv V, tw W, tx X, ty Y, tz Z, open Open, auth Auth, session Session, connect Connect, client_builder ClientBuilder, ok Ok, err Err, some Some, none None,
        option Option, result Result, vec Vec, error Error, default Default, payload Payload, fields Fields, serialize Serialize,
        serializer Serializer, send Send, sync Sync, future Future, arc Arc, envelope Envelope, request Request, reader Reader,
        rules Rules, step Step, pass Pass, layout Layout, service Service, action Action, validated_json ValidatedJson, message_set MessageSet,
        message Message, protocol_ Protocol, into Into, from From, deref Deref, to_string ToString, iterator Iterator,
        copy Copy, cow Cow, any Any, duration Duration, phantom PhantomData, string String, implied Implied, integer Integer,
    }
}
