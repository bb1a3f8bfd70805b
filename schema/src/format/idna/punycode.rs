//! RFC 3492.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// Longer texts are no labels.
const MAX: usize = 63;

/// Section 6.2; `None` if it is not Punycode, or longer than a label.
pub(super) fn decode(text: &str) -> Option<Vec<char>> {
    if !text.is_ascii() || text.len() > MAX {
        return None;
    }
    let (basic, extended) = text.rsplit_once('-').unwrap_or(("", text));
    let mut out: Vec<char> = basic.chars().collect();
    let (mut n, mut i, mut bias) = (INITIAL_N, 0u32, INITIAL_BIAS);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let before = i;
        let (mut weight, mut k) = (1u32, BASE);
        loop {
            let digit = match digits.next()? {
                byte @ b'a'..=b'z' => u32::from(byte - b'a'),
                byte @ b'0'..=b'9' => u32::from(byte - b'0') + 26,
                _ => return None,
            };
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let t = threshold(k, bias);
            if digit < t {
                break;
            }
            weight = weight.checked_mul(BASE - t)?;
            k += BASE;
        }
        let length = u32::try_from(out.len()).ok()? + 1;
        bias = adapt(i - before, length, before == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        out.insert(i as usize, char::from_u32(n)?);
        i += 1;
    }
    Some(out)
}

/// Section 6.3. For a text far too long for a label, the result is too long as well.
pub(super) fn encode(text: &[char]) -> String {
    let mut out: String = text.iter().filter(|c| c.is_ascii()).collect();
    let basic = u32::try_from(out.len()).unwrap_or(u32::MAX);
    if text.len() > MAX {
        return text.iter().map(|_| 'x').collect();
    }
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut done) = (INITIAL_N, 0u32, INITIAL_BIAS, basic);
    while let Some(next) = text.iter().map(|c| u32::from(*c)).filter(|c| *c >= n).min() {
        // At most 63 characters below 2^21: nothing overflows.
        delta += (next - n) * (done + 1);
        n = next;
        for c in text.iter().map(|c| u32::from(*c)) {
            delta += u32::from(c < n);
            if c == n {
                write(&mut out, delta, bias);
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        n += 1;
    }
    out
}

fn write(out: &mut String, mut q: u32, bias: u32) {
    let digit = |n: u32| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[n as usize % 36]);
    let mut k = BASE;
    loop {
        let t = threshold(k, bias);
        if q < t {
            return out.push(digit(q));
        }
        out.push(digit(t + (q - t) % (BASE - t)));
        q = (q - t) / (BASE - t);
        k += BASE;
    }
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of section 7.1, and invalid texts.
    #[test]
    fn both_ways() {
        for (text, code) in [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("bücher", "bcher-kva"),
            ("ü", "tda"),
        ] {
            let chars: Vec<char> = text.chars().collect();
            assert_eq!(encode(&chars), code);
            assert_eq!(decode(code), Some(chars));
        }
        for bad in ["é", "a-B", "99999999", "a!", &"a".repeat(64)] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
