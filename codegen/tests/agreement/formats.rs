//! Every format and content encoding on both sides: the TypeScript runtime and the schema crate give the same
//! verdicts.

use crate::typescript_project::{Result, compile, generate, load, run, spec};
use handfast_codegen::names::camel;
use handfast_schema::format;
use handfast_testing::random::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const SEEDS: [&str; 79] = [
    "2024-02-29",
    "12:30:59.5Z",
    "23:59:60Z",
    "22:59:60-01:00",
    "2026-01-31T09:00:00.000Z",
    "P1Y2M3DT4H5M6S",
    "P4W",
    "P3DT4H",
    "ada@example.org",
    "\"a b\"@x.org",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "실례@실례.테스트",
    "é.ü@x.org",
    "example.org",
    "a-b.c1",
    "xn--4gbwdl.xn--wgbh1c",
    "xn--ihqwcrb4cv8a8dqg056pqjye",
    "XN--aa---o47jg78q",
    "실례.테스트",
    "ßς་〇",
    "a·l.l·l",
    "α\u{375}β",
    "א\u{5f3}ב",
    "\u{30fb}ぁ",
    "ب\u{660}ب",
    "\u{6f0}0",
    "क\u{94d}\u{200d}ष",
    "بي\u{200c}بي",
    "a。b．c｡d",
    "אב.example",
    "bücher.example",
    "他们为什么不说中文",
    "127.0.0.1",
    "::1",
    "1:2:3:4:5:6:7:8",
    "::ffff:1.2.3.4",
    "https://u:p@h:80/a/b?c=d#e",
    "urn:isbn:1",
    "//host/path",
    "../a?b",
    "http://[::1]/",
    "http://[v1.a]/%20",
    "http://ƒøø.ßår/?∂éœ=πîx#πîüx",
    "a:?\u{e000}\u{100000}",
    "a:\u{1f600}\u{1fffe}",
    "{+path:6}/here",
    "{#x,hello*,y}",
    "é{a.b_c%20}",
    "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
    "/a/b~0c/~1",
    "0",
    "1/a",
    "0#",
    "12+3/a~1",
    "^a[b-c]+(d|e)?$",
    "(?:x)",
    "(?<n>a)\\k<n>\\1",
    "[\\d\\-a-z]{2,3}?",
    "\\p{L}\\P{Script=Greek}\\p{sc=Grek}",
    "\\u{1F600}\\uD83D\\uDE00\\x41\\cA\\0",
    "(?=a)(?<!b)c*",
    "[^\\uD83D\\uDE00-\\u{1F601}]",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "AA==",
    "AAA=",
    "+/+/",
    "-_-_",
    "MY======",
    "MZXQ====",
    "MZXW6===",
    "MZXW6YQ=",
    "MZXW6YTB",
    "00FF",
    "zw==",
    "",
    "\u{ff5e}",
];
const ALPHABET: &str = "0129azAZlFk:/.-+~#?[]@\"%é TtPWYDMHSn_=*{}(),;|$^\\<>!éα·\u{301}\u{200c}\u{200d}\u{94d}\u{660}\u{6f0}אבكß\u{3002}\u{e000}\u{1f600}";

/// The compiled TypeScript runtime.
fn runtime(name: &str) -> Result<PathBuf> {
    let protocol = load(
        &spec(json!({ "note": { "from": "client" } })),
        &BTreeMap::new(),
    )?;
    let folder = generate(&protocol, name)?;
    compile(&folder, "typescript")?;
    Ok(folder)
}

fn verdict(of: &str, text: &str) -> bool {
    format::check(of, text).or_else(|| format::encoding(of, text)) == Some(true)
}

fn all() -> impl Iterator<Item = &'static str> {
    format::KNOWN.into_iter().chain(format::ENCODINGS)
}

#[test]
fn mutated_texts_get_the_same_verdicts() -> Result<()> {
    let folder = runtime("formats")?;
    let alphabet: Vec<char> = ALPHABET.chars().collect();
    let rng = &mut Rng::new(11);
    let mut texts: Vec<String> = SEEDS.iter().map(|seed| (*seed).to_owned()).collect();
    for _ in 0..15_000 {
        let mut chars: Vec<char> = rng.pick(&SEEDS).chars().collect();
        for _ in 0..=rng.below(2) {
            let at = rng.below(chars.len() + 1);
            match rng.below(3) {
                0 => chars.insert(at, *rng.pick(&alphabet)),
                1 if at < chars.len() => drop(chars.remove(at)),
                _ if at < chars.len() => chars[at] = *rng.pick(&alphabet),
                _ => {}
            }
        }
        texts.push(chars.into_iter().collect());
    }
    texts.sort();
    texts.dedup();
    // Long ones, at and around the limits.
    for n in [62, 63, 64, 65, 126, 252, 253, 254, 255] {
        texts.extend(["a", "a.", "é", "ب", "(", "ü."].map(|part| part.repeat(n)));
        texts.push(format!("{}@x", "a".repeat(n)));
        texts.push(format!("{}@x", "é".repeat(n / 2)));
    }
    let mut verdicts = serde_json::Map::new();
    for of in all() {
        let good: Vec<usize> = (0..texts.len())
            .filter(|i| verdict(of, &texts[*i]))
            .collect();
        assert!(!good.is_empty(), "{of} takes nothing");
        verdicts.insert(of.to_owned(), json!([camel(of), good]));
    }
    fs::write(
        folder.join("cases.json"),
        json!({ "texts": texts, "verdicts": verdicts }).to_string(),
    )?;
    let said = run(
        &folder,
        "import { readFileSync } from 'node:fs';
         import * as hf from './out/handfast.js';
         const { texts, verdicts } = JSON.parse(readFileSync(new URL('cases.json', import.meta.url)));
         for (const [name, [check, good]] of Object.entries(verdicts)) {
           const ours = new Set(good);
           for (const [i, text] of texts.entries()) {
             const report = { strict: true, violations: [] };
             hf[check](text, report);
             if ((report.violations.length === 0) !== ours.has(i)) console.log(`${name} ${JSON.stringify(text)}: the server says ${ours.has(i)}`);
           }
         }",
    )?;
    assert!(said.is_empty(), "{said}");
    Ok(())
}

/// Runs of code points that a format accepts between a prefix and a suffix, as bounds.
fn taken(of: &str, before: &str, behind: &str, end: u32) -> Vec<u32> {
    let mut bounds = Vec::new();
    let mut inside = false;
    for point in 0..end {
        let text = char::from_u32(point).map(|c| format!("{before}{c}{behind}"));
        if text.is_some_and(|text| verdict(of, &text)) != inside {
            inside = !inside;
            bounds.push(point);
        }
    }
    bounds
}

#[test]
fn every_character_gets_the_same_verdicts() -> Result<()> {
    let folder = runtime("characters")?;
    let cases: Vec<Value> = [
        ("idn-hostname", "a", "a"),
        ("iri", "a:?", ""),
        ("idn-hostname", "", ""),
        ("idn-hostname", "ب", "ب"),
        ("idn-hostname", "ب\u{200c}", ""),
        ("idn-hostname", "", "\u{200c}ب"),
        ("idn-hostname", "a", "\u{200d}"),
        ("idn-hostname", "", "\u{375}"),
        ("idn-hostname", "", "א\u{5f3}א"),
        ("idn-hostname", "\u{30fb}", ""),
        ("idn-email", "a", "@b"),
        ("iri", "a:", ""),
        ("uri-template", "", ""),
        ("regex", "[a-", "]"),
        ("regex", "\\", ""),
        ("json-pointer", "/", ""),
        ("date", "2024-01-0", ""),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (of, before, behind))| {
        // All of them where it is asked first; then those before the ideographs.
        let end = if i < 2 { 0x11_0000 } else { 0x3200 };
        let bounds = taken(of, before, behind, end);
        json!([of, camel(of), before, behind, end, bounds])
    })
    .collect();
    fs::write(folder.join("cases.json"), Value::Array(cases).to_string())?;
    let said = run(
        &folder,
        "import { readFileSync } from 'node:fs';
         import * as hf from './out/handfast.js';
         for (const [of, check, before, behind, end, expected] of JSON.parse(readFileSync(new URL('cases.json', import.meta.url)))) {
           const bounds = [];
           let inside = false;
           for (let point = 0; point < end; point++) {
             let fits = false;
             if (point < 0xd800 || point > 0xdfff) {
               const report = { strict: true, violations: [] };
               hf[check](before + String.fromCodePoint(point) + behind, report);
               fits = report.violations.length === 0;
             }
             if (fits !== inside) { inside = fits; bounds.push(point); }
           }
           const first = bounds.findIndex((bound, i) => bound !== expected[i]);
           if (JSON.stringify(bounds) !== JSON.stringify(expected)) console.log(of, JSON.stringify([before, behind]), 'at', bounds[first]?.toString(16), expected[first]?.toString(16));
         }",
    )?;
    assert!(said.is_empty(), "{said}");
    Ok(())
}
