// A newsletter sender as one would write it in Go with its standard library: one html/template and
// one text/template filled for each reader, quoted-printable, net/smtp. No store, no ledger, no
// ranking, no signature; its links come ready with its data.
//
//	sender FOLDER ADDRESS CONNECTIONS MESSAGES
//
// FOLDER holds issue.html, issue.txt and issues.json, which are used in turn. Prints the seconds it
// took and the core seconds of it, as JSON.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	texttemplate "text/template"
	"time"
)

type Card struct {
	Title, ShortTitle, Label, Origin, Summary, PartLabel, PartText string
	Also, Read, Why, URL, MoreURL, LessURL                         string
}

type Issue struct {
	Subject, Preheader, Date, Intro, ReadingTime     string
	UnsubscribeURL, PreferencesURL, ViewURL, TrapURL string
	Lead                                             Card
	Cards, Contents                                  []Card
}


var (
	page *htmltemplate.Template
	text *texttemplate.Template
)

func cpu() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func message(issue *Issue, number int, recipient string) []byte {
	var whole bytes.Buffer
	parts := multipart.NewWriter(&whole)
	fmt.Fprintf(&whole, "From: The Weekly Brief <newsletter@newsletter.example.org>\r\n")
	fmt.Fprintf(&whole, "To: <%s>\r\n", recipient)
	fmt.Fprintf(&whole, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", issue.Subject))
	fmt.Fprintf(&whole, "Date: %s\r\n", time.Now().Format(time.RFC1123Z))
	fmt.Fprintf(&whole, "Message-ID: <weekly.%d@newsletter.example.org>\r\n", number)
	fmt.Fprintf(&whole, "List-Unsubscribe: <%s>\r\n", issue.UnsubscribeURL)
	fmt.Fprintf(&whole, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
	fmt.Fprintf(&whole, "List-Id: The Weekly Brief <weekly.newsletter.example.org>\r\n")
	fmt.Fprintf(&whole, "MIME-Version: 1.0\r\n")
	fmt.Fprintf(&whole, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", parts.Boundary())
	for _, kind := range []string{"plain", "html"} {
		part, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {"text/" + kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		})
		check(err)
		encoded := quotedprintable.NewWriter(part)
		if kind == "plain" {
			check(text.Execute(encoded, issue))
		} else {
			check(page.Execute(encoded, issue))
		}
		check(encoded.Close())
	}
	check(parts.Close())
	return whole.Bytes()
}

func main() {
	folder, address := os.Args[1], os.Args[2]
	connections, err := strconv.Atoi(os.Args[3])
	check(err)
	messages, err := strconv.Atoi(os.Args[4])
	check(err)
	page = htmltemplate.Must(htmltemplate.ParseFiles(filepath.Join(folder, "issue.html")))
	text = texttemplate.Must(texttemplate.ParseFiles(filepath.Join(folder, "issue.txt")))
	data, err := os.ReadFile(filepath.Join(folder, "issues.json"))
	check(err)
	var issues []Issue
	check(json.Unmarshal(data, &issues))

	started, before := time.Now(), cpu()
	var next, size int64
	var senders sync.WaitGroup
	for ; connections > 0; connections-- {
		senders.Add(1)
		go func() {
			defer senders.Done()
			client, err := smtp.Dial(address)
			check(err)
			for number := int(atomic.AddInt64(&next, 1)); number <= messages; number = int(atomic.AddInt64(&next, 1)) {
				recipient := fmt.Sprintf("reader%d@example.com", number)
				check(client.Mail("newsletter@newsletter.example.org"))
				check(client.Rcpt(recipient))
				into, err := client.Data()
				check(err)
				whole := message(&issues[number%len(issues)], number, recipient)
				_, err = into.Write(whole)
				check(err)
				check(into.Close())
				atomic.AddInt64(&size, int64(len(whole)))
			}
			check(client.Quit())
		}()
	}
	senders.Wait()
	fmt.Printf("{\"seconds\": %f, \"core\": %f, \"bytes\": %d}\n",
		time.Since(started).Seconds(), cpu()-before, size)
}
