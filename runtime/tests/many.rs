//! Unions of more messages than a `match` is made for: their tags are found in a table of hashes, which the macro fills and the runtime
//! reads.

use handfast::{
    MessageSet,
    descriptor::{Tag, TagRef},
    protocol,
};

/// Tags of every length up to 40 bytes, and some that differ in little.
#[protocol(server)]
#[derive(Clone, Debug)]
enum Texts {
    #[message("a")]
    M0,
    #[message("ab")]
    M1,
    #[message("abc")]
    M2,
    #[message("abcd")]
    M3,
    #[message("abcde")]
    M4,
    #[message("abcdef")]
    M5,
    #[message("abcdefg")]
    M6,
    #[message("abcdefgh")]
    M7,
    #[message("abcdefghi")]
    M8,
    #[message("abcdefghij")]
    M9,
    #[message("abcdefghijk")]
    M10,
    #[message("abcdefghijkl")]
    M11,
    #[message("abcdefghijklm")]
    M12,
    #[message("abcdefghijklmn")]
    M13,
    #[message("abcdefghijklmno")]
    M14,
    #[message("abcdefghijklmnop")]
    M15,
    #[message("abcdefghijklmnopq")]
    M16,
    #[message("abcdefghijklmnopqr")]
    M17,
    #[message("abcdefghijklmnopqrs")]
    M18,
    #[message("abcdefghijklmnopqrst")]
    M19,
    #[message("abcdefghijklmnopqrstu")]
    M20,
    #[message("abcdefghijklmnopqrstuv")]
    M21,
    #[message("abcdefghijklmnopqrstuvw")]
    M22,
    #[message("abcdefghijklmnopqrstuvwx")]
    M23,
    #[message("abcdefghijklmnopqrstuvwxy")]
    M24,
    #[message("abcdefghijklmnopqrstuvwxyz")]
    M25,
    #[message("abcdefghijklmnopqrstuvwxyz0")]
    M26,
    #[message("abcdefghijklmnopqrstuvwxyz01")]
    M27,
    #[message("abcdefghijklmnopqrstuvwxyz012")]
    M28,
    #[message("abcdefghijklmnopqrstuvwxyz0123")]
    M29,
    #[message("abcdefghijklmnopqrstuvwxyz01234")]
    M30,
    #[message("abcdefghijklmnopqrstuvwxyz012345")]
    M31,
    #[message("abcdefghijklmnopqrstuvwxyz0123456")]
    M32,
    #[message("abcdefghijklmnopqrstuvwxyz01234567")]
    M33,
    #[message("abcdefghijklmnopqrstuvwxyz012345678")]
    M34,
    #[message("abcdefghijklmnopqrstuvwxyz0123456789")]
    M35,
    #[message("abcdefghijklmnopqrstuvwxyz0123456789-")]
    M36,
    #[message("abcdefghijklmnopqrstuvwxyz0123456789-_")]
    M37,
    #[message("abcdefghijklmnopqrstuvwxyz0123456789-_.")]
    M38,
    #[message("abcdefghijklmnopqrstuvwxyz0123456789-_.:")]
    M39,
    #[message("group00.message000")]
    M40,
    #[message("group00.message001")]
    M41,
    #[message("group00.message002")]
    M42,
    #[message("group00.message003")]
    M43,
    #[message("group00.message004")]
    M44,
    #[message("group00.message005")]
    M45,
    #[message("group00.message006")]
    M46,
    #[message("group00.message007")]
    M47,
    #[message("group00.message008")]
    M48,
    #[message("group00.message009")]
    M49,
    #[message("group01.message010")]
    M50,
    #[message("group01.message011")]
    M51,
    #[message("group01.message012")]
    M52,
    #[message("group01.message013")]
    M53,
    #[message("group01.message014")]
    M54,
    #[message("group01.message015")]
    M55,
    #[message("group01.message016")]
    M56,
    #[message("group01.message017")]
    M57,
    #[message("group01.message018")]
    M58,
    #[message("group01.message019")]
    M59,
    #[message("group02.message020")]
    M60,
    #[message("group02.message021")]
    M61,
    #[message("group02.message022")]
    M62,
    #[message("group02.message023")]
    M63,
    #[message("group02.message024")]
    M64,
    #[message("group02.message025")]
    M65,
    #[message("group02.message026")]
    M66,
    #[message("group02.message027")]
    M67,
    #[message("group02.message028")]
    M68,
    #[message("group02.message029")]
    M69,
    #[message("group03.message030")]
    M70,
    #[message("group03.message031")]
    M71,
    #[message("group03.message032")]
    M72,
    #[message("group03.message033")]
    M73,
    #[message("group03.message034")]
    M74,
    #[message("group03.message035")]
    M75,
    #[message("group03.message036")]
    M76,
    #[message("group03.message037")]
    M77,
    #[message("group03.message038")]
    M78,
    #[message("group03.message039")]
    M79,
}

/// Numbers, some below zero.
#[protocol(server)]
#[derive(Clone, Debug)]
enum Numbers {
    #[message(wire = -200)]
    N0,
    #[message(wire = -193)]
    N1,
    #[message(wire = -186)]
    N2,
    #[message(wire = -179)]
    N3,
    #[message(wire = -172)]
    N4,
    #[message(wire = -165)]
    N5,
    #[message(wire = -158)]
    N6,
    #[message(wire = -151)]
    N7,
    #[message(wire = -144)]
    N8,
    #[message(wire = -137)]
    N9,
    #[message(wire = -130)]
    N10,
    #[message(wire = -123)]
    N11,
    #[message(wire = -116)]
    N12,
    #[message(wire = -109)]
    N13,
    #[message(wire = -102)]
    N14,
    #[message(wire = -95)]
    N15,
    #[message(wire = -88)]
    N16,
    #[message(wire = -81)]
    N17,
    #[message(wire = -74)]
    N18,
    #[message(wire = -67)]
    N19,
    #[message(wire = -60)]
    N20,
    #[message(wire = -53)]
    N21,
    #[message(wire = -46)]
    N22,
    #[message(wire = -39)]
    N23,
    #[message(wire = -32)]
    N24,
    #[message(wire = -25)]
    N25,
    #[message(wire = -18)]
    N26,
    #[message(wire = -11)]
    N27,
    #[message(wire = -4)]
    N28,
    #[message(wire = 3)]
    N29,
    #[message(wire = 10)]
    N30,
    #[message(wire = 17)]
    N31,
    #[message(wire = 24)]
    N32,
    #[message(wire = 31)]
    N33,
    #[message(wire = 38)]
    N34,
    #[message(wire = 45)]
    N35,
    #[message(wire = 52)]
    N36,
    #[message(wire = 59)]
    N37,
    #[message(wire = 66)]
    N38,
    #[message(wire = 73)]
    N39,
    #[message(wire = 80)]
    N40,
    #[message(wire = 87)]
    N41,
    #[message(wire = 94)]
    N42,
    #[message(wire = 101)]
    N43,
    #[message(wire = 108)]
    N44,
    #[message(wire = 115)]
    N45,
    #[message(wire = 122)]
    N46,
    #[message(wire = 129)]
    N47,
    #[message(wire = 136)]
    N48,
    #[message(wire = 143)]
    N49,
    #[message(wire = 150)]
    N50,
    #[message(wire = 157)]
    N51,
    #[message(wire = 164)]
    N52,
    #[message(wire = 171)]
    N53,
    #[message(wire = 178)]
    N54,
    #[message(wire = 185)]
    N55,
    #[message(wire = 192)]
    N56,
    #[message(wire = 199)]
    N57,
    #[message(wire = 206)]
    N58,
    #[message(wire = 213)]
    N59,
    #[message(wire = 220)]
    N60,
    #[message(wire = 227)]
    N61,
    #[message(wire = 234)]
    N62,
    #[message(wire = 241)]
    N63,
    #[message(wire = 248)]
    N64,
    #[message(wire = 255)]
    N65,
    #[message(wire = 262)]
    N66,
    #[message(wire = 269)]
    N67,
    #[message(wire = 276)]
    N68,
    #[message(wire = 283)]
    N69,
}

/// Each of its tags leads to its place, and none of others does.
fn finds<M: MessageSet>(others: &[TagRef<'_>]) {
    let table = M::DESCRIPTOR;
    for (place, message) in table.messages.iter().enumerate() {
        let tag = match &message.tag {
            Some(Tag::Text(text)) => TagRef::Text(text),
            Some(Tag::Integer(n)) => TagRef::Integer(*n),
            None => continue,
        };
        assert_eq!((table.lookup)(tag), Some(place), "{tag:?}");
    }
    for other in others {
        assert_eq!((table.lookup)(*other), None, "{other:?}");
    }
}

#[test]
fn texts_are_found_among_many() {
    assert_eq!(Texts::DESCRIPTOR.messages.len(), 80);
    let long = "x".repeat(1000);
    finds::<Texts>(&[
        TagRef::Text(""),
        TagRef::Text("b"),
        TagRef::Text("group00.message040"),
        TagRef::Text("group00.message00"),
        TagRef::Text(&long),
        TagRef::Integer(1),
    ]);
}

#[test]
fn numbers_are_found_among_many() {
    assert_eq!(Numbers::DESCRIPTOR.messages.len(), 70);
    finds::<Numbers>(&[
        TagRef::Integer(1),
        TagRef::Integer(i64::MIN),
        TagRef::Text("1"),
    ]);
}
