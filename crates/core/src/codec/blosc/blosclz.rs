//! Decoding of blosclz, the compressor that comes with Blosc.
//!
//! A control byte below 32 announces that many literals and one more. Any other is a match: its upper
//! 3 bits are the length less 2 (7: more bytes follow and are added, as long as they are 255), its
//! lower 5 bits the upper ones of the distance, less 1, whose lower byte follows. A distance of all
//! ones is continued in 2 bytes, the upper first. The first control byte is of literals always.

/// Where distances of 2 further bytes start.
const FAR: usize = 8191;

/// Decodes `stream` into `out`, and returns how much was decoded; `None` if it is damaged.
pub(super) fn decode(stream: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut bytes = stream;
    let mut filled = 0;
    let mut control = next(&mut bytes)? & 31;
    loop {
        if control < 32 {
            let (literals, rest) = bytes.split_at_checked(control + 1)?;
            let room = out.get_mut(filled..)?;
            // At most 32: to copy as many always takes less time than to copy as few as there are.
            match (bytes.first_chunk::<32>(), room.first_chunk_mut()) {
                (Some(all), Some(room)) => *room = *all,
                _ => room.get_mut(..literals.len())?.copy_from_slice(literals),
            }
            filled += literals.len();
            bytes = rest;
        } else {
            let (length, distance) = read_match(control, &mut bytes)?;
            if distance > filled || length > out.len() - filled {
                return None;
            }
            copy(out, filled, distance, length);
            filled += length;
        }
        match next(&mut bytes) {
            Some(byte) => control = byte,
            None => return Some(filled),
        }
    }
}

fn next(bytes: &mut &[u8]) -> Option<usize> {
    bytes.split_off_first().map(|&byte| usize::from(byte))
}

/// Length and distance of the match that `control` starts.
fn read_match(control: usize, bytes: &mut &[u8]) -> Option<(usize, usize)> {
    let mut length = (control >> 5) + 2;
    if control >> 5 == 7 {
        loop {
            let more = next(bytes)?;
            length = length.checked_add(more)?;
            if more != 255 {
                break;
            }
        }
    }
    let mut distance = (control & 31) << 8 | next(bytes)?;
    if distance == FAR {
        distance += next(bytes)? << 8 | next(bytes)?;
    }
    Some((length, distance + 1))
}

/// Repeats what stands `distance` before `at`.
fn copy(out: &mut [u8], at: usize, distance: usize, length: usize) {
    let from = at - distance;
    // A match may run into what it writes: what is there doubles with every step.
    let mut done = 0;
    while done < length {
        let step = (length - done).min(distance + done);
        out.copy_within(from..from + step, at + done);
        done += step;
    }
}
