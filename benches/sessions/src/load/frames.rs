//! Frames of a client (RFC 6455, section 5.2).

/// Appends a masked text frame.
pub(super) fn write(out: &mut Vec<u8>, text: &str, seed: usize) {
    let mask = (seed as u32).wrapping_mul(0x9E37_79B9).to_be_bytes();
    out.push(0x81);
    if text.len() < 126 {
        out.push(0x80 | text.len() as u8);
    } else {
        out.push(0x80 | 126);
        out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    }
    out.extend_from_slice(&mask);
    let masked = text.bytes().zip(mask.iter().cycle());
    out.extend(masked.map(|(byte, mask)| byte ^ mask));
}

/// Takes the payload of a frame of less than 64 KiB from the input, if it is complete.
pub(super) fn take<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (header, length) = match input.get(1)? {
        126 => (
            4,
            usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?])),
        ),
        short => (2, usize::from(*short)),
    };
    let payload = input.get(header..header + length)?;
    *input = &input[header + length..];
    Some(payload)
}
