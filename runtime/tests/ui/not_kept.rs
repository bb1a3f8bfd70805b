//! Protocols whose ends could not keep to them.

macro_rules! protocol {
    ($name:ident, [$($client:tt)*], [$($server:tt)*], [$($more:tt)*]) => {
        mod $name {
            use handfast::protocol;

            #[protocol]
            #[derive(Debug)]
            pub struct Ask {
                pub id: i64,
                pub text: Option<String>,
            }

            #[protocol]
            #[derive(Debug)]
            pub struct Told {
                pub id: Option<i64>,
            }

            #[protocol(client $($client)*)]
            #[derive(Debug)]
            pub enum ClientMessage {
                #[message("ask", reply = Told)]
                Ask(Ask),
            }

            #[protocol(server $($server)*)]
            #[derive(Debug)]
            pub enum ServerMessage {
                #[message("told")]
                Told(Told),
            }

            #[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage $($more)*)]
            #[derive(Debug)]
            pub struct Protocol;
        }
    };
}

protocol!(kept, [, envelope(id = "n")], [], [, limits(rate(1, 1)), session(backoff_ms(5, 5)), closes(kicked = 3000)]);
protocol!(without_an_id, [, envelope(id = none)], [], []);
protocol!(ids_of_two_types, [, envelope(id(name = "id", integer))], [], []);
protocol!(no_room, [], [], [, limits(outbound = 0)]);
protocol!(no_rate, [], [], [, limits(rate(0, 0))]);
protocol!(no_violation, [], [], [, limits(violations = 0)]);
protocol!(deep, [], [], [, limits(depth = handfast::descriptor::Limits::MAX_DEPTH + 1)]);
protocol!(flat, [, envelope(content = none)], [], []);
protocol!(channel_of_the_session, [], [, envelope(channel(name = "channel", required))], []);
protocol!(code, [], [], [, closes(kicked = 7)]);
protocol!(fields_of_one_name, [, envelope(id = "type")], [], []);
protocol!(reversed, [], [], [, session(backoff_ms(500, 100))]);
protocol!(role_of_a_message, [], [], [, roles(hello = "ask")]);
protocol!(credentials_of_a_message, [], [], [, auth = Ask, roles(auth = "ask")]);
protocol!(two_roles, [], [], [, roles(ping = "beat", pong = "beat")]);
protocol!(two_roles_of_messages, [], [], [, roles(ping(name = "a", tag = "beat", client, server), pong(name = "b", tag = "beat", server))]);
protocol!(ready_of_the_client, [], [], [, roles(ready(name = "ready", tag = "ready", client))]);
protocol!(no_pointer, [], [], [, roles(hello(name = "hello", tag = "hello", client, fields(version = "v")))]);
protocol!(no_pause, [], [], [, session(backoff_ms(0, 0))]);
protocol!(credentials_without_a_hello, [], [], [, auth = Ask, roles(hello = none)]);
protocol!(credentials_without_a_place, [], [], [, auth = Ask, roles(hello(name = "hello", tag = "hello", client), auth = none)]);
protocol!(numbered, [], [], [, auth = Ask, session(numbered), roles(resume = "resume", skip = none)]);
protocol!(numbered_without_numbers, [], [, envelope(seq = none)], [, auth = Ask, session(numbered), roles(resume = "resume", skip = none)]);
protocol!(numbered_without_a_question, [], [], [, auth = Ask, session(numbered), roles(skip = none)]);
protocol!(numbered_without_names, [], [], [, session(numbered), roles(resume(name = "resume", tag = "resume", client, fields(seq = "/seq")), skip = none)]);
protocol!(numbered_without_an_answer, [], [], [, auth = Ask, session(numbered), roles(resume = "resume", skip = none, gap = none, error = none)]);
protocol!(early, [], [], [, roles(hello(name = "hi", tag = "hi", client, fields(version = "/v"))), before_ready("hi", "ask", "told")]);
protocol!(early_without_a_message, [], [], [, before_ready("ask", "typo")]);
protocol!(early_role_of_the_session, [], [], [, before_ready("ping")]);

mod bare {
    use handfast::protocol;

    #[protocol]
    #[derive(Debug)]
    pub struct Bare {
        pub x: i64,
    }

    #[protocol(client)]
    #[derive(Debug)]
    pub enum ClientMessage {
        #[message("bare", bare)]
        Bare(Bare),
    }

    #[protocol(server)]
    #[derive(Debug)]
    pub enum ServerMessage {}

    #[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage)]
    #[derive(Debug)]
    pub struct Protocol;
}

mod volatile_key {
    use handfast::protocol;

    #[protocol]
    #[derive(Debug)]
    pub struct Moved {
        pub x: i64,
    }

    #[protocol(client)]
    #[derive(Debug)]
    pub enum ClientMessage {}

    #[protocol(server)]
    #[derive(Debug)]
    pub enum ServerMessage {
        #[message("moved", volatile, volatile_key = "y")]
        Moved(Moved),
    }

    #[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage)]
    #[derive(Debug)]
    pub struct Protocol;
}

fn main() {}
