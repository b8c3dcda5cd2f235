//! Tokio's server on one thread: server PORT|/PATH echo|line|sink|source
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, UnixListener};

const PIECE: usize = 65536;

/// What is done with a connection, until its end.
async fn handle<R, W>(mut reader: R, mut writer: W, mode: String) -> std::io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    match mode.as_str() {
        "echo" => {
            let mut buffer = vec![0u8; PIECE];
            loop {
                let count = reader.read(&mut buffer).await?;
                if count == 0 {
                    return Ok(());
                }
                writer.write_all(&buffer[..count]).await?;
            }
        }
        "line" => {
            let mut reader = BufReader::new(reader);
            let mut out = Vec::with_capacity(8192);
            // Written out when no further line is there.
            while reader.read_until(b'\n', &mut out).await? != 0 {
                if reader.buffer().is_empty() {
                    writer.write_all(&out).await?;
                    out.clear();
                }
            }
            Ok(())
        }
        "sink" => {
            let mut buffer = vec![0u8; PIECE];
            while reader.read(&mut buffer).await? != 0 {}
            Ok(())
        }
        _ => {
            let piece = vec![0u8; PIECE];
            loop {
                writer.write_all(&piece).await?;
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let (place, mode) = (&arguments[1], &arguments[2]);
    if place.starts_with('/') {
        let _ = std::fs::remove_file(place);
        let listener = UnixListener::bind(place)?;
        loop {
            let (mut connection, _) = listener.accept().await?;
            let mode = mode.clone();
            tokio::spawn(async move {
                let (reader, writer) = connection.split();
                handle(reader, writer, mode).await
            });
        }
    }
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(format!("127.0.0.1:{place}").parse().expect("a port"))?;
    let listener = socket.listen(4096)?;
    loop {
        let (mut connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let mode = mode.clone();
        tokio::spawn(async move {
            let (reader, writer) = connection.split();
            handle(reader, writer, mode).await
        });
    }
}
