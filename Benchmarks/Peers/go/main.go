// Go's server, a goroutine a connection: server PORT|/PATH echo|line|sink|source|broadcast
package main

import (
	"bufio"
	"net"
	"os"
	"sync"
)

const piece = 65536

// Everybody who is connected, for broadcasts.
type crowd struct {
	lock    sync.Mutex
	members map[net.Conn]struct{}
}

func (everybody *crowd) say(bytes []byte) {
	everybody.lock.Lock()
	defer everybody.lock.Unlock()
	for member := range everybody.members {
		member.Write(bytes)
	}
}

func (everybody *crowd) join(member net.Conn) {
	everybody.lock.Lock()
	defer everybody.lock.Unlock()
	everybody.members[member] = struct{}{}
}

func (everybody *crowd) leave(member net.Conn) {
	everybody.lock.Lock()
	defer everybody.lock.Unlock()
	delete(everybody.members, member)
}

// Calls use with what comes, until there is nothing more or use fails.
func read(connection net.Conn, use func([]byte) error) {
	buffer := make([]byte, piece)
	for {
		count, err := connection.Read(buffer)
		if err != nil || use(buffer[:count]) != nil {
			return
		}
	}
}

// Buffered both ways; written out when no further line is there.
func lines(connection net.Conn) {
	reader, writer := bufio.NewReader(connection), bufio.NewWriter(connection)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return
		}
		writer.Write(line)
		if reader.Buffered() == 0 && writer.Flush() != nil {
			return
		}
	}
}

func handle(connection net.Conn, mode string, everybody *crowd) {
	defer connection.Close()
	switch mode {
	case "echo":
		read(connection, func(bytes []byte) error { _, err := connection.Write(bytes); return err })
	case "line":
		lines(connection)
	case "sink":
		read(connection, func([]byte) error { return nil })
	case "source":
		bytes := make([]byte, piece)
		for {
			if _, err := connection.Write(bytes); err != nil {
				return
			}
		}
	case "broadcast":
		everybody.join(connection)
		defer everybody.leave(connection)
		read(connection, func(bytes []byte) error { everybody.say(bytes); return nil })
	}
}

func main() {
	place, mode := os.Args[1], os.Args[2]
	network := "tcp4"
	if place[0] == '/' {
		network = "unix"
		os.Remove(place)
	} else {
		place = "127.0.0.1:" + place
	}
	listener, err := net.Listen(network, place)
	if err != nil {
		panic(err)
	}
	everybody := &crowd{members: map[net.Conn]struct{}{}}
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go handle(connection, mode, everybody)
	}
}
