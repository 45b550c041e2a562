import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const WORTH_BYTES = 1024 // what is shorter fits one packet anyway

// Texts in their codings beside them, as small as can be: the service sends them as they are.
const codings = {
  name: 'codings',
  closeBundle() {
    const folder = join(import.meta.dirname, 'dist/assets')
    for (const name of readdirSync(folder).filter((one) => /\.(js|css|svg|json)$/.test(one))) {
      const text = readFileSync(join(folder, name))
      if (text.length < WORTH_BYTES) continue
      writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text))
      writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 9 }))
    }
  },
}

// Each entry becomes one hashed file in dist/assets/. The service reads dist/.vite/manifest.json and offers an entry
// to the templates as {{assets.NAME_js}} or {{assets.NAME_css}}.
export default defineConfig({
  plugins: [vue(), codings],
  publicDir: false,
  build: {
    target: ['es2019', 'chrome79', 'safari13'],
    manifest: true,
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      input: {
        base: 'public/css/base.css',
        site: 'public/css/site.css',
        kiosk_screen: 'public/css/kiosk.css',
        elder: 'public/elder.ts',
        submit: 'public/submit.ts',
        status: 'public/status.ts',
        watch: 'public/watch.ts',
        extras: 'public/extras.ts',
        wechat: 'public/wechat.ts',
        embed: 'public/embed.ts',
        player: 'public/player.ts',
        kiosk: 'public/kiosk.ts',
        kiosk_worker: 'public/kiosk_worker.ts',
        console: 'console/main.ts',
      },
    },
  },
})
