//! Regular expressions of ECMA-262 (11th edition, which JSON Schema 2020-12 names), with the flag `u`: section 21.2.1 without
//! annex B, which the flag rules out, and its early errors.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

/// Whether a pattern is one that `new RegExp(pattern, 'u')` takes.
pub(super) fn is_regex(pattern: &str) -> bool {
    wrong(pattern).is_none()
}

/// The part of a pattern, in characters, that makes `new RegExp(pattern, 'u')` reject it.
pub(crate) fn wrong(pattern: &str) -> Option<Range<usize>> {
    let mut reader = Reader {
        text: pattern.chars().collect(),
        at: 0,
        start: 0,
        groups: 0,
        farthest: (0, 0..0),
        names: BTreeSet::new(),
        named: BTreeMap::new(),
    };
    if reader.disjunction().is_none() {
        let end = reader.at.max(reader.start + 1).min(reader.text.len());
        return Some(reader.start.min(end)..end);
    }
    let (farthest, at) = reader.farthest;
    if farthest > reader.groups {
        return Some(at);
    }
    let mut named = reader.named.into_iter();
    named
        .find(|(name, _)| !reader.names.contains(name))
        .map(|(_, at)| at)
}

struct Reader {
    text: Vec<char>,
    at: usize,
    /// Where the current token begins.
    start: usize,
    /// The number of capture groups.
    groups: u64,
    /// The highest group number that is referenced, and where.
    farthest: (u64, Range<usize>),
    /// The names of groups, and the referenced names with their location.
    names: BTreeSet<String>,
    named: BTreeMap<String, Range<usize>>,
}

/// A member of a class: a character, or a set, which cannot be the end of a range.
enum Member {
    Character(u32),
    Set,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let there = text
            .chars()
            .enumerate()
            .all(|(i, c)| self.text.get(self.at + i) == Some(&c));
        if there {
            self.at += text.chars().count();
        }
        there
    }

    /// The whole pattern. Open groups are on an explicit stack, so that patterns may nest to any depth; each records
    /// whether a quantifier may follow it.
    fn disjunction(&mut self) -> Option<()> {
        let mut open = Vec::new();
        // Whether the preceding item can be repeated.
        let mut atom = false;
        while let Some(c) = self.peek() {
            self.start = self.at;
            self.at += 1;
            atom = match c {
                '|' | '^' | '$' => false,
                '(' => {
                    let start = self.start;
                    open.push((self.group()?, start));
                    false
                }
                ')' => open.pop()?.0,
                '*' | '+' | '?' if atom => {
                    self.eat("?");
                    false
                }
                '{' if atom => {
                    self.counts()?;
                    self.eat("?");
                    false
                }
                '*' | '+' | '?' | '{' | '}' | ']' => return None,
                '[' => {
                    let start = self.start;
                    let class = self.class();
                    if class.is_none() && self.peek().is_none() {
                        (self.start, self.at) = (start, start + 1);
                    }
                    class?;
                    true
                }
                '\\' => self.escape()?,
                _ => true,
            };
        }
        if let Some((_, start)) = open.last() {
            (self.start, self.at) = (*start, *start + 1);
            return None;
        }
        Some(())
    }

    /// What follows `(`; returns whether a quantifier may follow the group.
    fn group(&mut self) -> Option<bool> {
        if !self.eat("?") {
            self.groups += 1;
            return Some(true);
        }
        if self.eat("=") || self.eat("!") || self.eat("<=") || self.eat("<!") {
            return Some(false);
        }
        if self.eat(":") {
            return Some(true);
        }
        self.groups += 1;
        let name = self.name()?;
        self.names.insert(name).then_some(true)
    }

    /// `<name>`
    fn name(&mut self) -> Option<String> {
        static START: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^[$_\p{ID_Start}]$").ok());
        static PART: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^[$\u200c\u200d\p{ID_Continue}]$").ok());
        if !self.eat("<") {
            return None;
        }
        let mut name = String::new();
        loop {
            let c = match self.next()? {
                '>' => break,
                '\\' if self.eat("u") => char::from_u32(self.unicode()?)?,
                c => c,
            };
            let may = if name.is_empty() { &START } else { &PART };
            if !may.as_ref()?.is_match(c.encode_utf8(&mut [0; 4])) {
                return None;
            }
            name.push(c);
        }
        (!name.is_empty()).then_some(name)
    }

    /// `n}`, `n,}` or `n,m}`
    fn counts(&mut self) -> Option<()> {
        let least = self.digits()?;
        if self.eat(",") && self.peek() != Some('}') {
            let most = self.digits()?;
            if (least.len(), &least) > (most.len(), &most) {
                return None;
            }
        }
        self.eat("}").then_some(())
    }

    /// A number, without leading zeros.
    fn digits(&mut self) -> Option<String> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.text[start..self.at].iter().collect();
        (!digits.is_empty()).then(|| digits.trim_start_matches('0').to_owned())
    }

    /// What follows a backslash outside a class; returns whether a quantifier may follow it.
    fn escape(&mut self) -> Option<bool> {
        match self.peek()? {
            'b' | 'B' => {
                self.at += 1;
                return Some(false);
            }
            'k' => {
                self.at += 1;
                let name = self.name()?;
                let at = self.start..self.at;
                self.named.entry(name).or_insert(at);
            }
            '1'..='9' => {
                let number = self.digits()?.parse().unwrap_or(u64::MAX);
                if number > self.farthest.0 {
                    self.farthest = (number, self.start..self.at);
                }
            }
            _ => {
                self.character()?;
            }
        }
        Some(true)
    }

    /// An escape for a character or a set of characters.
    fn character(&mut self) -> Option<Member> {
        let hex = |digits: Option<u32>| digits.map(Member::Character);
        let c = self.next()?;
        Some(match c {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Member::Set,
            'p' | 'P' => {
                self.property()?;
                Member::Set
            }
            't' => Member::Character(9),
            'n' => Member::Character(10),
            'v' => Member::Character(11),
            'f' => Member::Character(12),
            'r' => Member::Character(13),
            'c' => {
                let letter = self.next().filter(char::is_ascii_alphabetic)?;
                Member::Character(u32::from(letter) % 32)
            }
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => Member::Character(0),
            'x' => return hex(self.hex(2)),
            'u' => return hex(self.unicode()),
            c if "^$\\.*+?()[]{}|/".contains(c) => Member::Character(u32::from(c)),
            _ => return None,
        })
    }

    fn hex(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |n, _| Some(n * 16 + self.next()?.to_digit(16)?))
    }

    /// What follows `\\u`: four digits, two times four for one character, or any number in braces.
    fn unicode(&mut self) -> Option<u32> {
        if self.eat("{") {
            let mut n: u32 = self.hex(1)?;
            while !self.eat("}") {
                n = n.saturating_mul(16).saturating_add(self.hex(1)?);
            }
            return (n <= 0x10_ffff).then_some(n);
        }
        let lead = self.hex(4)?;
        let after = self.at;
        if (0xd800..0xdc00).contains(&lead)
            && self.eat("\\u")
            && let Some(trail @ 0xdc00..0xe000) = self.hex(4)
        {
            return Some(0x1_0000 + ((lead - 0xd800) << 10) + (trail - 0xdc00));
        }
        if (0xd800..0xdc00).contains(&lead) {
            self.at = after;
        }
        Some(lead)
    }

    /// `{Name}` or `{Name=Value}`
    fn property(&mut self) -> Option<()> {
        if !self.eat("{") {
            return None;
        }
        let start = self.at;
        while self.next()? != '}' {}
        let text: String = self.text[start..self.at - 1].iter().collect();
        let known = match text.split_once('=') {
            None => has(CATEGORIES, &text) || has(BINARY, &text),
            Some(("General_Category" | "gc", value)) => has(CATEGORIES, value),
            Some(("Script" | "sc" | "Script_Extensions" | "scx", value)) => has(SCRIPTS, value),
            Some(_) => false,
        };
        known.then_some(())
    }

    /// What follows `[`
    fn class(&mut self) -> Option<()> {
        self.eat("^");
        while !self.eat("]") {
            self.start = self.at;
            let first = self.member()?;
            if self.peek() == Some('-') && self.text.get(self.at + 1) != Some(&']') {
                self.at += 1;
                let last = self.member()?;
                match (first, last) {
                    (Member::Character(first), Member::Character(last)) if first <= last => {}
                    _ => return None,
                }
            }
        }
        Some(())
    }

    fn member(&mut self) -> Option<Member> {
        match self.next()? {
            '\\' if self.eat("b") => Some(Member::Character(8)),
            '\\' if self.eat("-") => Some(Member::Character(u32::from('-'))),
            '\\' => self.character(),
            c => Some(Member::Character(u32::from(c))),
        }
    }
}

/// Whether a name is that of a Unicode script.
pub(crate) fn is_script(name: &str) -> bool {
    has(SCRIPTS, name)
}

fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// The values of `General_Category`, which may be used without the property name.
const CATEGORIES: &str = "\
    C Cased_Letter Cc Cf Close_Punctuation Cn Co Combining_Mark Connector_Punctuation Control Cs \
    Currency_Symbol Dash_Punctuation Decimal_Number Enclosing_Mark Final_Punctuation Format \
    Initial_Punctuation L LC Letter Letter_Number Line_Separator Ll Lm Lo Lowercase_Letter Lt Lu M Mark \
    Math_Symbol Mc Me Mn Modifier_Letter Modifier_Symbol N Nd Nl No Nonspacing_Mark Number \
    Open_Punctuation Other Other_Letter Other_Number Other_Punctuation Other_Symbol P \
    Paragraph_Separator Pc Pd Pe Pf Pi Po Private_Use Ps Punctuation S Sc Separator Sk Sm So \
    Space_Separator Spacing_Mark Surrogate Symbol Titlecase_Letter Unassigned Uppercase_Letter Z Zl Zp \
    Zs cntrl digit punct";

/// The binary properties.
const BINARY: &str = "\
    AHex ASCII ASCII_Hex_Digit Alpha Alphabetic Any Assigned Bidi_C Bidi_Control Bidi_M Bidi_Mirrored CI \
    CWCF CWCM CWKCF CWL CWT CWU Case_Ignorable Cased Changes_When_Casefolded Changes_When_Casemapped \
    Changes_When_Lowercased Changes_When_NFKC_Casefolded Changes_When_Titlecased Changes_When_Uppercased \
    DI Dash Default_Ignorable_Code_Point Dep Deprecated Dia Diacritic EBase EComp EMod EPres Emoji \
    Emoji_Component Emoji_Modifier Emoji_Modifier_Base Emoji_Presentation Ext ExtPict \
    Extended_Pictographic Extender Gr_Base Gr_Ext Grapheme_Base Grapheme_Extend Hex Hex_Digit IDC IDS \
    IDSB IDST IDS_Binary_Operator IDS_Trinary_Operator ID_Continue ID_Start Ideo Ideographic Join_C \
    Join_Control LOE Logical_Order_Exception Lower Lowercase Math NChar Noncharacter_Code_Point Pat_Syn \
    Pat_WS Pattern_Syntax Pattern_White_Space QMark Quotation_Mark RI Radical Regional_Indicator SD \
    STerm Sentence_Terminal Soft_Dotted Term Terminal_Punctuation UIdeo Unified_Ideograph Upper \
    Uppercase VS Variation_Selector White_Space XIDC XIDS XID_Continue XID_Start space";

/// The values of `Script` and `Script_Extensions`.
const SCRIPTS: &str = "\
    Adlam Adlm Aghb Ahom Anatolian_Hieroglyphs Arab Arabic Armenian Armi Armn Avestan Avst Bali Balinese \
    Bamu Bamum Bass Bassa_Vah Batak Batk Beng Bengali Bhaiksuki Bhks Bopo Bopomofo Brah Brahmi Brai \
    Braille Bugi Buginese Buhd Buhid Cakm Canadian_Aboriginal Cans Cari Carian Caucasian_Albanian Chakma \
    Cham Cher Cherokee Chorasmian Chrs Common Copt Coptic Cpmn Cprt Cuneiform Cypriot Cypro_Minoan \
    Cyrillic Cyrl Deseret Deva Devanagari Diak Dives_Akuru Dogr Dogra Dsrt Dupl Duployan Egyp \
    Egyptian_Hieroglyphs Elba Elbasan Elym Elymaic Ethi Ethiopic Gara Garay Geor Georgian Glag \
    Glagolitic Gong Gonm Goth Gothic Gran Grantha Greek Grek Gujarati Gujr Gukh Gunjala_Gondi Gurmukhi \
    Guru Gurung_Khema Han Hang Hangul Hani Hanifi_Rohingya Hano Hanunoo Hatr Hatran Hebr Hebrew Hira \
    Hiragana Hluw Hmng Hmnp Hung Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian \
    Ital Java Javanese Kaithi Kali Kana Kannada Katakana Kawi Kayah_Li Khar Kharoshthi \
    Khitan_Small_Script Khmer Khmr Khoj Khojki Khudawadi Kirat_Rai Kits Knda Krai Kthi Lana Lao Laoo \
    Latin Latn Lepc Lepcha Limb Limbu Lina Linb Linear_A Linear_B Lisu Lyci Lycian Lydi Lydian Mahajani \
    Mahj Maka Makasar Malayalam Mand Mandaic Mani Manichaean Marc Marchen Masaram_Gondi Medefaidrin Medf \
    Meetei_Mayek Mend Mende_Kikakui Merc Mero Meroitic_Cursive Meroitic_Hieroglyphs Miao Mlym Modi Mong \
    Mongolian Mro Mroo Mtei Mult Multani Myanmar Mymr Nabataean Nag_Mundari Nagm Nand Nandinagari Narb \
    Nbat New_Tai_Lue Newa Nko Nkoo Nshu Nushu Nyiakeng_Puachue_Hmong Ogam Ogham Ol_Chiki Ol_Onal Olck \
    Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian \
    Old_Turkic Old_Uyghur Onao Oriya Orkh Orya Osage Osge Osma Osmanya Ougr Pahawh_Hmong Palm Palmyrene \
    Pau_Cin_Hau Pauc Perm Phag Phags_Pa Phli Phlp Phnx Phoenician Plrd Prti Psalter_Pahlavi Qaac Qaai \
    Rejang Rjng Rohg Runic Runr Samaritan Samr Sarb Saur Saurashtra Sgnw Sharada Shavian Shaw Shrd Sidd \
    Siddham SignWriting Sind Sinh Sinhala Sogd Sogdian Sogo Sora Sora_Sompeng Soyo Soyombo Sund \
    Sundanese Sunu Sunuwar Sylo Syloti_Nagri Syrc Syriac Tagalog Tagb Tagbanwa Tai_Le Tai_Tham Tai_Viet \
    Takr Takri Tale Talu Tamil Taml Tang Tangsa Tangut Tavt Telu Telugu Tfng Tglg Thaa Thaana Thai \
    Tibetan Tibt Tifinagh Tirh Tirhuta Tnsa Todhri Todr Toto Tulu_Tigalari Tutg Ugar Ugaritic Unknown \
    Vai Vaii Vith Vithkuqi Wancho Wara Warang_Citi Wcho Xpeo Xsux Yezi Yezidi Yi Yiii Zanabazar_Square \
    Zanb Zinh Zyyy Zzzz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_flag_takes_and_what_it_does_not() {
        for good in [
            "",
            "|",
            "()",
            "a|",
            r"^\S(|(.|\n)*\S)$",
            r"(?<n>a)\k<n>\1",
            r"\k<n>(?<n>a)",
            "(?:a)+?(?=b)(?!c)(?<=d)(?<!e)",
            "a{2}b{2,}c{2,3}?d{007,8}",
            r"[a-z\d-][--a][\-\b\]][^]",
            r"\cA\x41\u0041\u{1F600}\uD83D\uDE00\0",
            r"[\uD83D\uDE00-\u{1F601}]",
            r"\p{L}\P{Lu}\p{Script=Greek}\p{scx=Grek}\p{gc=Letter}\p{Emoji}",
            r"(?<\u0061é$>x)",
            r"\/\.\*",
            "\u{1F600}*",
        ] {
            assert!(is_regex(good), "{good}");
        }
        for bad in [
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "a{",
            "a{,2}",
            "a{3,2}",
            "a**",
            "*",
            "^*",
            "(?=a)*",
            "(?i:a)",
            "(?<n>a)(?<n>b)",
            r"\k<m>",
            r"\k",
            r"(?<1>a)",
            "(?<>a)",
            "(?<a",
            r"\1",
            r"(a)\2",
            r"\a",
            r"\-",
            r"\Z",
            r"\c1",
            r"\x4",
            r"\u{110000}",
            r"\u{}",
            r"\00",
            r"[\1]",
            r"[b-a]",
            r"[\d-z]",
            r"[a-\w]",
            r"\p{Letters}",
            r"\p{Script}",
            r"\p{sc=greek}",
            r"\pL",
            r"\p{",
            "\\",
            "(?",
            "(?<=",
            r"\é",
        ] {
            assert!(!is_regex(bad), "{bad}");
        }
        assert!(is_regex(&("(".repeat(100_000) + &")".repeat(100_000))));
    }
}
