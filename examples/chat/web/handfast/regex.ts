/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `format: regex`: ECMA-262 (11th edition, which JSON Schema 2020-12 names) with the flag `u`, by the same rules as on the
// server. Engines are not asked: they differ in what they have learnt since.

import { fail, type Report } from './report.js';

/** `format: regex` */
export function regex(value: string, report: Report): void {
  if (!new Reader(value).fits()) fail(report, 'format', 'must be a valid regex', 'regex');
}

/** A place in a class: a character by its number, or a set of them, which no range begins or ends with. */
type Member = number | 'set';

/** What stops the reading. */
class Wrong extends Error {}

class Reader {
  readonly #text: readonly string[];
  #at = 0;
  #groups = 0;
  #farthest = 0;
  readonly #names = new Set<string>();
  readonly #named = new Set<string>();

  constructor(text: string) {
    this.#text = Array.from(text);
  }

  fits(): boolean {
    try {
      this.#disjunction();
    } catch (error) {
      if (error instanceof Wrong) return false;
      throw error;
    }
    return this.#farthest <= this.#groups && [...this.#named].every(name => this.#names.has(name));
  }

  get #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #next(): string {
    const c = this.#text[this.#at++];
    if (c === undefined) throw new Wrong();
    return c;
  }

  #eat(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#text[this.#at + i] !== text[i]) return false;
    this.#at += text.length;
    return true;
  }

  #must(holds: boolean): void {
    if (!holds) throw new Wrong();
  }

  /** The whole pattern. Groups that are open are kept by hand: each by whether a quantifier may follow it. */
  #disjunction(): void {
    const open: boolean[] = [];
    let atom = false;
    while (this.#at < this.#text.length) {
      const c = this.#next();
      if (c === '|' || c === '^' || c === '$') atom = false;
      else if (c === '(') {
        open.push(this.#group());
        atom = false;
      } else if (c === ')') {
        const group = open.pop();
        this.#must(group !== undefined);
        atom = group === true;
      } else if ('*+?{'.includes(c)) {
        this.#must(atom);
        if (c === '{') this.#counts();
        this.#eat('?');
        atom = false;
      } else if (c === '\\') atom = this.#escape();
      else {
        this.#must(c !== '}' && c !== ']');
        if (c === '[') this.#class();
        atom = true;
      }
    }
    this.#must(open.length === 0);
  }

  /** What follows `(`; whether a quantifier may follow the group. */
  #group(): boolean {
    if (!this.#eat('?')) {
      this.#groups++;
      return true;
    }
    if (this.#eat('=') || this.#eat('!') || this.#eat('<=') || this.#eat('<!')) return false;
    if (this.#eat(':')) return true;
    this.#groups++;
    const name = this.#name();
    this.#must(!this.#names.has(name));
    this.#names.add(name);
    return true;
  }

  /** `<name>` */
  #name(): string {
    this.#must(this.#eat('<'));
    let name = '';
    while (!this.#eat('>')) {
      let c = this.#next();
      if (c === '\\' && this.#eat('u')) c = String.fromCodePoint(this.#unicode());
      this.#must((name === '' ? /^[$_\p{ID_Start}]$/u : /^[$\u200c\u200d\p{ID_Continue}]$/u).test(c));
      name += c;
    }
    this.#must(name !== '');
    return name;
  }

  /** `n}`, `n,}` or `n,m}` */
  #counts(): void {
    const least = this.#digits();
    if (this.#eat(',') && this.#peek !== '}') {
      const most = this.#digits();
      this.#must(least.length < most.length || (least.length === most.length && least <= most));
    }
    this.#must(this.#eat('}'));
  }

  /** A number, without the zeros in front. */
  #digits(): string {
    const start = this.#at;
    while (/^\d$/.test(this.#peek)) this.#at++;
    this.#must(this.#at > start);
    const digits = this.#text.slice(start, this.#at);
    const first = digits.findIndex(digit => digit !== '0');
    return first < 0 ? '' : digits.slice(first).join('');
  }

  /** What follows a backslash outside of a class; whether a quantifier may follow it. */
  #escape(): boolean {
    if (this.#eat('b') || this.#eat('B')) return false;
    if (this.#eat('k')) this.#named.add(this.#name());
    else if (/^[1-9]$/.test(this.#peek)) this.#farthest = Math.max(this.#farthest, Number(this.#digits()));
    else this.#character();
    return true;
  }

  /** What follows a backslash and stands for a character or a set of them. */
  #character(): Member {
    const c = this.#next();
    if ('dDsSwW'.includes(c)) return 'set';
    if (c === 'p' || c === 'P') {
      this.#property();
      return 'set';
    }
    const control = 'tnvfr'.indexOf(c);
    if (control >= 0) return 9 + control;
    if (c === 'c') {
      const letter = this.#next();
      this.#must(/^[A-Za-z]$/.test(letter));
      return letter.charCodeAt(0) % 32;
    }
    if (c === 'x') return this.#hex(2);
    if (c === 'u') return this.#unicode();
    this.#must(c === '0' ? !/^\d$/.test(this.#peek) : '^$\\.*+?()[]{}|/'.includes(c));
    return c === '0' ? 0 : c.charCodeAt(0);
  }

  #hex(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const digit = this.#next();
      this.#must(/^[\da-fA-F]$/.test(digit));
      value = value * 16 + parseInt(digit, 16);
    }
    return value;
  }

  /** What follows `\\u`: four digits, two times four for one character, or any number in braces. */
  #unicode(): number {
    if (this.#eat('{')) {
      let value = this.#hex(1);
      while (!this.#eat('}')) value = Math.min(value * 16 + this.#hex(1), 0x110000);
      this.#must(value <= 0x10ffff);
      return value;
    }
    const lead = this.#hex(4);
    if (lead < 0xd800 || lead > 0xdbff) return lead;
    const [d, ...rest] = this.#text.slice(this.#at, this.#at + 6).join('').match(/^\\u([dD][c-fC-F][\da-fA-F]{2})$/) ?? [];
    if (d === undefined) return lead;
    this.#at += 6;
    return 0x10000 + ((lead - 0xd800) << 10) + (parseInt(rest[0] ?? '', 16) - 0xdc00);
  }

  /** `{Name}` or `{Name=Value}` */
  #property(): void {
    this.#must(this.#eat('{'));
    let text = '';
    for (let c = this.#next(); c !== '}'; c = this.#next()) text += c;
    const [name = '', value] = text.includes('=') ? [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] : [text];
    if (value === undefined) this.#must(has(CATEGORIES, name) || has(BINARY, name));
    else if (name === 'General_Category' || name === 'gc') this.#must(has(CATEGORIES, value));
    else this.#must(['Script', 'sc', 'Script_Extensions', 'scx'].includes(name) && has(SCRIPTS, value));
  }

  /** What follows `[` */
  #class(): void {
    this.#eat('^');
    while (!this.#eat(']')) {
      const first = this.#member();
      if (this.#peek !== '-' || this.#text[this.#at + 1] === ']') continue;
      this.#at++;
      const last = this.#member();
      this.#must(first !== 'set' && last !== 'set' && first <= last);
    }
  }

  #member(): Member {
    const c = this.#next();
    if (c !== '\\') return c.codePointAt(0) ?? 0;
    if (this.#eat('b')) return 8;
    return this.#eat('-') ? 0x2d : this.#character();
  }
}

function has(words: string, word: string): boolean {
  return words.split(' ').includes(word);
}

/** The values of `General_Category`, which may stand alone. */
const CATEGORIES =
  'C Cased_Letter Cc Cf Close_Punctuation Cn Co Combining_Mark Connector_Punctuation Control Cs Currency_Symbol ' +
  'Dash_Punctuation Decimal_Number Enclosing_Mark Final_Punctuation Format Initial_Punctuation L LC Letter ' +
  'Letter_Number Line_Separator Ll Lm Lo Lowercase_Letter Lt Lu M Mark Math_Symbol Mc Me Mn Modifier_Letter ' +
  'Modifier_Symbol N Nd Nl No Nonspacing_Mark Number Open_Punctuation Other Other_Letter Other_Number ' +
  'Other_Punctuation Other_Symbol P Paragraph_Separator Pc Pd Pe Pf Pi Po Private_Use Ps Punctuation S Sc ' +
  'Separator Sk Sm So Space_Separator Spacing_Mark Surrogate Symbol Titlecase_Letter Unassigned ' +
  'Uppercase_Letter Z Zl Zp Zs cntrl digit punct';

/** The binary properties. */
const BINARY =
  'AHex ASCII ASCII_Hex_Digit Alpha Alphabetic Any Assigned Bidi_C Bidi_Control Bidi_M Bidi_Mirrored CI CWCF ' +
  'CWCM CWKCF CWL CWT CWU Case_Ignorable Cased Changes_When_Casefolded Changes_When_Casemapped ' +
  'Changes_When_Lowercased Changes_When_NFKC_Casefolded Changes_When_Titlecased Changes_When_Uppercased DI Dash ' +
  'Default_Ignorable_Code_Point Dep Deprecated Dia Diacritic EBase EComp EMod EPres Emoji Emoji_Component ' +
  'Emoji_Modifier Emoji_Modifier_Base Emoji_Presentation Ext ExtPict Extended_Pictographic Extender Gr_Base ' +
  'Gr_Ext Grapheme_Base Grapheme_Extend Hex Hex_Digit IDC IDS IDSB IDST IDS_Binary_Operator ' +
  'IDS_Trinary_Operator ID_Continue ID_Start Ideo Ideographic Join_C Join_Control LOE Logical_Order_Exception ' +
  'Lower Lowercase Math NChar Noncharacter_Code_Point Pat_Syn Pat_WS Pattern_Syntax Pattern_White_Space QMark ' +
  'Quotation_Mark RI Radical Regional_Indicator SD STerm Sentence_Terminal Soft_Dotted Term ' +
  'Terminal_Punctuation UIdeo Unified_Ideograph Upper Uppercase VS Variation_Selector White_Space XIDC XIDS ' +
  'XID_Continue XID_Start space';

/** The values of `Script` and `Script_Extensions`. */
const SCRIPTS =
  'Adlam Adlm Aghb Ahom Anatolian_Hieroglyphs Arab Arabic Armenian Armi Armn Avestan Avst Bali Balinese Bamu ' +
  'Bamum Bass Bassa_Vah Batak Batk Beng Bengali Bhaiksuki Bhks Bopo Bopomofo Brah Brahmi Brai Braille Bugi ' +
  'Buginese Buhd Buhid Cakm Canadian_Aboriginal Cans Cari Carian Caucasian_Albanian Chakma Cham Cher Cherokee ' +
  'Chorasmian Chrs Common Copt Coptic Cpmn Cprt Cuneiform Cypriot Cypro_Minoan Cyrillic Cyrl Deseret Deva ' +
  'Devanagari Diak Dives_Akuru Dogr Dogra Dsrt Dupl Duployan Egyp Egyptian_Hieroglyphs Elba Elbasan Elym ' +
  'Elymaic Ethi Ethiopic Gara Garay Geor Georgian Glag Glagolitic Gong Gonm Goth Gothic Gran Grantha Greek Grek ' +
  'Gujarati Gujr Gukh Gunjala_Gondi Gurmukhi Guru Gurung_Khema Han Hang Hangul Hani Hanifi_Rohingya Hano ' +
  'Hanunoo Hatr Hatran Hebr Hebrew Hira Hiragana Hluw Hmng Hmnp Hung Imperial_Aramaic Inherited ' +
  'Inscriptional_Pahlavi Inscriptional_Parthian Ital Java Javanese Kaithi Kali Kana Kannada Katakana Kawi ' +
  'Kayah_Li Khar Kharoshthi Khitan_Small_Script Khmer Khmr Khoj Khojki Khudawadi Kirat_Rai Kits Knda Krai Kthi ' +
  'Lana Lao Laoo Latin Latn Lepc Lepcha Limb Limbu Lina Linb Linear_A Linear_B Lisu Lyci Lycian Lydi Lydian ' +
  'Mahajani Mahj Maka Makasar Malayalam Mand Mandaic Mani Manichaean Marc Marchen Masaram_Gondi Medefaidrin ' +
  'Medf Meetei_Mayek Mend Mende_Kikakui Merc Mero Meroitic_Cursive Meroitic_Hieroglyphs Miao Mlym Modi Mong ' +
  'Mongolian Mro Mroo Mtei Mult Multani Myanmar Mymr Nabataean Nag_Mundari Nagm Nand Nandinagari Narb Nbat ' +
  'New_Tai_Lue Newa Nko Nkoo Nshu Nushu Nyiakeng_Puachue_Hmong Ogam Ogham Ol_Chiki Ol_Onal Olck Old_Hungarian ' +
  'Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Onao ' +
  'Oriya Orkh Orya Osage Osge Osma Osmanya Ougr Pahawh_Hmong Palm Palmyrene Pau_Cin_Hau Pauc Perm Phag Phags_Pa ' +
  'Phli Phlp Phnx Phoenician Plrd Prti Psalter_Pahlavi Qaac Qaai Rejang Rjng Rohg Runic Runr Samaritan Samr ' +
  'Sarb Saur Saurashtra Sgnw Sharada Shavian Shaw Shrd Sidd Siddham SignWriting Sind Sinh Sinhala Sogd Sogdian ' +
  'Sogo Sora Sora_Sompeng Soyo Soyombo Sund Sundanese Sunu Sunuwar Sylo Syloti_Nagri Syrc Syriac Tagalog Tagb ' +
  'Tagbanwa Tai_Le Tai_Tham Tai_Viet Takr Takri Tale Talu Tamil Taml Tang Tangsa Tangut Tavt Telu Telugu Tfng ' +
  'Tglg Thaa Thaana Thai Tibetan Tibt Tifinagh Tirh Tirhuta Tnsa Todhri Todr Toto Tulu_Tigalari Tutg Ugar ' +
  'Ugaritic Unknown Vai Vaii Vith Vithkuqi Wancho Wara Warang_Citi Wcho Xpeo Xsux Yezi Yezidi Yi Yiii ' +
  'Zanabazar_Square Zanb Zinh Zyyy Zzzz';
